package couchbase

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// response is an answer before it is sent.
type response struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
	chunked     bool
}

// send sends the answer with the headers that all answers have.
func (p response) send(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "no-cache,no-store,must-revalidate")
	header.Set("Pragma", "no-cache")
	header.Set("Server", "Couchbase Server")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	for name, value := range p.header {
		header.Set(name, value)
	}
	if p.contentType != "" {
		header.Set("Content-Type", p.contentType)
	}
	w.WriteHeader(p.status)
	if p.chunked {
		// Whatever is sent before the body ends makes net/http send chunks.
		_ = http.NewResponseController(w).Flush()
	}
	_, _ = w.Write(p.body)
}

// encode encodes a value. Names need not be valid UTF-8 on the way in.
func encode[T any](value T) []byte {
	text, err := json.Marshal(value, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("couchbase: an answer that is no JSON: " + err.Error())
	}
	return text
}

// jsonReply returns an answer in JSON.
func jsonReply[T any](status int, value T) response {
	return response{status: status, contentType: "application/json", body: encode(value)}
}

// listReply returns a list, which the server sends in chunks.
func listReply[T any](list []T) response {
	answer := jsonReply(http.StatusOK, list)
	answer.chunked = true
	return answer
}

// done is the answer of most writes: an empty string in JSON.
func done() response { return jsonReply(http.StatusOK, "") }

// empty is the answer of some writes: no body at all.
func empty() response { return response{status: http.StatusOK} }

// textReply returns an answer in plain text.
func textReply(status int, text string) response {
	return response{status: status, contentType: "text/plain", body: []byte(text)}
}

// missing is the answer for a thing that is not there.
func missing(text string) response { return jsonReply(http.StatusNotFound, text) }

// unauthenticated is the answer to a caller without good credentials.
func unauthenticated() response {
	return response{
		status: http.StatusUnauthorized,
		header: map[string]string{"WWW-Authenticate": `Basic realm="Couchbase Server Admin / REST"`},
	}
}

// enterpriseNeeded is the answer of what Community Edition lacks.
func enterpriseNeeded() response {
	answer := textReply(http.StatusBadRequest, "This http API endpoint requires enterprise edition")
	answer.header = map[string]string{"X-enterprise-edition-needed": "1"}
	return answer
}

// forbidden is the answer to a caller without a permission.
func forbidden(permissions ...string) response {
	return jsonReply(http.StatusForbidden, struct {
		Message     string   `json:"message"`
		Permissions []string `json:"permissions"`
	}{"Forbidden. User needs the following permissions", permissions})
}

// passwordExpired is the answer to a caller with a temporary password.
func passwordExpired() response {
	return jsonReply(http.StatusForbidden, struct {
		Message string `json:"message"`
		Expired bool   `json:"passwordExpired"`
	}{"Password expired", true})
}

// fieldError is the answer to a request that is wrong in one field, or as a
// whole if the field is "_".
func fieldError(field, message string) response {
	return jsonReply(http.StatusBadRequest, struct {
		Errors map[string]string `json:"errors"`
	}{map[string]string{field: message}})
}

// noRoute is the answer to a method and path that nothing serves.
func (s *Server) noRoute(method string) response {
	switch method {
	case http.MethodGet, http.MethodPost:
		return textReply(http.StatusNotFound, "Requested resource not found.\r\n")
	case http.MethodPut, http.MethodDelete, http.MethodPatch:
		if s.version >= V76 {
			return textReply(http.StatusNotFound, "Object Not Found")
		}
	}
	return textReply(http.StatusMethodNotAllowed, "Method Not Allowed")
}
