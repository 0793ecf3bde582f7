package cognite

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// Failure is the effect of an answer with an error body of the service, and
// with the given header fields besides. The request does not take effect.
func Failure(status int, message string, header http.Header) simulator.Effect {
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return simulator.Answer(status, header, string(encode(errorBody{errorf(status, "%s", message)})))
}

// IfBody limits an effect to the first times requests, 0 for all, whose body
// contains text once decompressed. The others are served. Its fault must have
// no limit of its own.
func IfBody(text string, times int, effect simulator.Effect) simulator.Effect {
	var met atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		plain, failure := decompress(r.Header.Get("Content-Encoding"), sent)
		if failure != nil || !bytes.Contains(plain, []byte(text)) || (times > 0 && met.Add(1) > int64(times)) {
			next.ServeHTTP(w, r)
			return
		}
		effect(w, r, next)
	}
}
