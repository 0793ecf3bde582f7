package juju

import (
	"encoding/json"
	"io"
	"net/http"

	"golang.org/x/crypto/nacl/secretbox"
)

const (
	keySize   = 32
	nonceSize = 24
)

// registration is the body of POST /register, and with another secret inside
// that of its answer.
type registration struct {
	User       string `json:"user,omitempty"`
	Nonce      []byte `json:"nonce"`
	CipherText []byte `json:"cipher-text"`
}

// registered is what the answer hides.
type registered struct {
	CACert         string `json:"ca-cert"`
	ControllerUUID string `json:"controller-uuid"`
	ProxyConfig    *none  `json:"proxy-config"`
}

// registerBodyLimit bounds what is read of a body.
const registerBodyLimit = 1 << 20

// serveRegister serves POST /register: whoever has the secret key of a user sets
// their password.
func (s *Server) serveRegister(w http.ResponseWriter, r *http.Request) {
	reply, err := s.registration(r)
	if failure := wireError(err); failure != nil {
		writeJSON(w, statusOf(failure.Code), errorResult{Error: failure})
		return
	}
	s.mu.Lock()
	cookie := s.secret()
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "macaroon-login", Value: cookie, Path: "/", Secure: true, HttpOnly: true})
	writeJSON(w, http.StatusOK, reply)
}

// registration reads the request and serves it.
func (s *Server) registration(r *http.Request) (registration, error) {
	if r.Method != http.MethodPost {
		return registration{}, errorf(codeMethodNotAllowed, "unsupported method: %q", r.Method)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, registerBodyLimit))
	if err != nil {
		return registration{}, err
	}
	var asked registration
	if err := json.Unmarshal(body, &asked); err != nil {
		return registration{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.complete(asked)
}

// complete completes the registration of a user.
func (s *Server) complete(asked registration) (registration, error) {
	id, err := parseUserTag(asked.User)
	if err != nil {
		return registration{}, err
	}
	if len(asked.Nonce) != nonceSize {
		return registration{}, errorf(codeNotValid, "nonce not valid")
	}
	u, err := s.localUser(id)
	if err != nil {
		return registration{}, err
	}
	if len(u.secretKey) != keySize {
		return registration{}, errorf(codeNotFound, "secret key for user %q not found", u.id.name)
	}
	key, nonce := [keySize]byte(u.secretKey), [nonceSize]byte(asked.Nonce)
	opened, ok := secretbox.Open(nil, asked.CipherText, &nonce, &key)
	if !ok {
		return registration{}, errorf(codeNotValid, "secret key not valid")
	}
	var chosen struct {
		Password string `json:"password"`
	}
	if err := json.Unmarshal(opened, &chosen); err != nil {
		return registration{}, annotate(err, "cannot unmarshal payload")
	}
	if s.blank(chosen.Password) {
		return registration{}, errorf("", "setting new password: cannot use an empty password")
	}
	u.password, u.secretKey = chosen.Password, nil
	own := [nonceSize]byte(s.bytes(nonceSize))
	payload := mustEncode(registered{CACert: s.caCert, ControllerUUID: s.uuid})
	return registration{Nonce: own[:], CipherText: secretbox.Seal(nil, payload, &own, &key)}, nil
}

// statusOf returns the HTTP status that goes with the code of an error.
func statusOf(code string) int {
	switch code {
	case codeNotFound:
		return http.StatusNotFound
	case codeNotValid:
		return http.StatusBadRequest
	case codeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	}
	return http.StatusInternalServerError
}

func writeJSON[T any](w http.ResponseWriter, status int, value T) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(mustEncode(value))
}
