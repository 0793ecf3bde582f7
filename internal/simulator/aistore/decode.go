package aistore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strings"
)

// The server decodes with json-iterator, whose errors quote the body around
// the place of the fault: up to 50 bytes before and after it, whatever they
// hold. Clients have to keep those bytes out of their logs, so the simulator
// quotes them too. The words in front of the quotation are the server's for a
// bad permission number and [encoding/json]'s for everything else.

// target says what a body is decoded into, as errors name it.
type target struct {
	goType string // the server's type
	line   int    // the line of the server's source that decodes
}

// decode fills value from the first JSON value of the body; what follows is
// ignored.
func decode[T any](body []byte, value *T) error {
	return json.NewDecoder(bytes.NewReader(body)).Decode(value)
}

// decodeOrExplain is decode for the endpoints that say what was wrong.
func decodeOrExplain[T any](c call, t target, value *T) error {
	err := decode(c.body, value)
	if err == nil {
		return nil
	}
	return errorf(http.StatusBadRequest, "%s: failed to unmarshal [*authn.%s] (%s), err: %s (hserv.go, #%d)",
		c.request.URL.Path, t.goType, c.request.Method, explain(c.body, err), t.line)
}

// decodeOrRefuse is decode for the endpoints that say nothing.
func decodeOrRefuse[T any](c call, value *T) error {
	if decode(c.body, value) != nil {
		return errorf(http.StatusBadRequest, "Invalid request")
	}
	return nil
}

// explain words a decoding error and quotes the body around its place.
func explain(body []byte, err error) string {
	var at int
	cause := err.Error()
	var wrongSyntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongSyntax):
		at = int(wrongSyntax.Offset)
	case errors.As(err, &wrongType) && strings.HasSuffix(wrongType.Field, "perm"):
		cause = memberPath(wrongType.Field) + wrongType.Value
		at = findBadPermissions(body)
	case errors.As(err, &wrongType):
		at = int(wrongType.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		at = len(body)
	default:
		return cause // there is no body
	}
	at = min(at, len(body))
	peek := max(0, at-10)
	return fmt.Sprintf("%s, error found in #%d byte of ...|%s|..., bigger context ...|%s|...", cause, at-peek,
		body[peek:min(len(body), at+10)], body[max(0, at-50):min(len(body), at+50)])
}

// memberPath spells the path of a permission number the way the server does.
func memberPath(path string) string {
	var spelled strings.Builder
	for member := range strings.SplitSeq(path, ".") {
		switch member {
		case "roles":
			spelled.WriteString("authn.User.Roles: []*authn.Role: ")
		case "clusters":
			spelled.WriteString("authn.Role.ClusterACLs: []*authn.CluACL: authn.CluACL.Access: ")
		case "buckets":
			spelled.WriteString("authn.Role.BucketACLs: []*authn.BckACL: authn.BckACL.Access: ")
		}
	}
	return spelled.String()
}

// permissionMember matches the beginning of a permission member.
var permissionMember = regexp.MustCompile(`(?i)"perm"\s*:\s*`)

// findBadPermissions returns where the first bad permission number of body
// goes wrong.
func findBadPermissions(body []byte) int {
	for _, span := range permissionMember.FindAllIndex(body, -1) {
		if _, fault := scanPermissions(body[span[1]:]); fault != nil {
			return span[1] + fault.at
		}
	}
	return 0
}

// numberFault says why a permission number is none, in the server's words.
type numberFault struct {
	reason string
	at     int // bytes read when it was noticed
}

// scanPermissions reads the permission number at the beginning of text the way
// json-iterator does. A null is 0.
func scanPermissions(text []byte) (Permissions, *numberFault) {
	if bytes.HasPrefix(text, []byte("null")) {
		return 0, nil
	}
	quote := func(at int) *numberFault {
		if at < len(text) && text[at] == '"' {
			return nil
		}
		var found []byte
		if at < len(text) {
			found = text[at : at+1]
		}
		return &numberFault{fmt.Sprintf(`stringModeNumberDecoder: expect ", but found %s`, found), at + 1}
	}
	if fault := quote(0); fault != nil {
		return 0, fault
	}
	var value uint64
	at := 1
	for ; at < len(text) && '0' <= text[at] && text[at] <= '9'; at++ {
		digit := uint64(text[at] - '0')
		if value > (math.MaxUint64-digit)/10 {
			return 0, &numberFault{"readUint64: overflow", at + 1}
		}
		value = value*10 + digit
	}
	if at == 1 {
		// The server prints its table entry for "no digit", -1, as a byte.
		return 0, &numberFault{"readUint64: unexpected character: \xff", at + 1}
	}
	return Permissions(value), quote(at)
}
