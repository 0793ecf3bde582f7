package rpc

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// answer is a message of the server.
type answer struct {
	ID       uint64         `json:"request-id"`
	Error    string         `json:"error"`
	Code     string         `json:"error-code"`
	Info     jsontext.Value `json:"error-info"`
	Response jsontext.Value `json:"response"`
}

// appendRequest appends the message of a request to buffer.
func appendRequest(buffer []byte, id uint64, r *Request) ([]byte, *fault.Error) {
	buffer = append(buffer, `{"request-id":`...)
	buffer = strconv.AppendUint(buffer, id, 10)
	buffer = append(buffer, `,"type":`...)
	buffer, err := jsontext.AppendQuote(buffer, r.Facade)
	if err != nil {
		return nil, badRequest()
	}
	buffer = append(buffer, `,"version":`...)
	buffer = strconv.AppendInt(buffer, int64(r.Version), 10)
	buffer = append(buffer, `,"request":`...)
	if buffer, err = jsontext.AppendQuote(buffer, r.Method); err != nil {
		return nil, badRequest()
	}
	buffer = append(buffer, `,"params":`...)
	if r.Params == nil {
		buffer = append(buffer, `{}`...)
	} else {
		buffer = append(buffer, r.Params...)
	}
	return append(buffer, '}'), nil
}

func badRequest() *fault.Error {
	return fault.New(fault.InvalidArgument, "the request cannot be written as JSON")
}

// maxDigits is more than the digits of any number and what follows them.
const maxDigits = 24

// cutID cuts what servers begin a message with from it, the number of the
// request that it answers. ID is 0 if the message begins otherwise.
func cutID(message []byte) (id uint64, rest []byte) {
	rest, ok := bytes.CutPrefix(message, []byte(`{"request-id":`))
	if !ok {
		return 0, nil
	}
	end := bytes.IndexByte(rest[:min(len(rest), maxDigits)], ',')
	if end < 0 {
		return 0, nil
	}
	id, err := strconv.ParseUint(string(rest[:end]), 10, 64)
	if err != nil {
		return 0, nil
	}
	return id, rest[end+1:]
}

// answerID returns the number of the request that a message answers, 0 if
// there is none.
func answerID(message []byte) uint64 {
	if id, _ := cutID(message); id != 0 {
		return id
	}
	var a answer
	if transport.Decode(message, &a) != nil {
		return 0
	}
	return a.ID
}

// readAnswer reads a message, of which the answer may keep parts. A message
// that holds nothing but a response is recognised without a decoder.
func readAnswer(message []byte) (answer, *fault.Error) {
	if id, rest := cutID(message); id != 0 && bytes.HasSuffix(rest, []byte{'}'}) {
		if response, ok := bytes.CutPrefix(rest[:len(rest)-1], []byte(`"response":`)); ok && jsontext.Value(response).IsValid() {
			return answer{ID: id, Response: response}, nil
		}
	}
	var a answer
	if transport.Decode(message, &a) != nil {
		return answer{}, unreadable(message)
	}
	return a, nil
}

// unreadable returns the failure of a message that cannot be read. The
// library takes a connection that ends amid a message for the message's end.
func unreadable(message []byte) *fault.Error {
	_, err := jsontext.NewDecoder(bytes.NewReader(message)).ReadValue()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.Unavailable, "the answer broke off")
	}
	return badMessage()
}

func badMessage() *fault.Error {
	return fault.New(fault.Internal, "the server sent something that is not what the protocol promises")
}
