package cognite

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxBody is the largest body that the server takes, decompressed.
const maxBody = 10 << 20

// standardPage is the limit of a listing that asks for none.
const standardPage = 25

// call is one request on its way to the endpoint that serves it.
type call struct {
	request   *http.Request
	principal *Principal
	project   *Project // nil outside a project
	name      string   // the part of the path that varies: a user or an organization
	body      []byte   // decompressed
}

// checkHeaders refuses a request without the headers of the API.
func (s *Server) checkHeaders(header http.Header) *apiError {
	if s.opts.LaxHeaders {
		return nil
	}
	for _, name := range []string{"x-cdp-sdk", "x-cdp-app"} {
		if header.Get(name) == "" {
			return badRequest("Header %s is required", name)
		}
	}
	if !slices.Contains([]string{"20230101", "20230101-beta", "20230101-alpha"}, header.Get("Cdf-Version")) {
		return badRequest("Header cdf-version names no version of the API")
	}
	return nil
}

// readBody returns the decompressed body of a request that has one.
func readBody(r *http.Request) ([]byte, *apiError) {
	if r.Method != http.MethodPost {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, badRequest("Content type must be application/json")
	}
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return decompress(r.Header.Get("Content-Encoding"), sent)
}

// decompress undoes a content encoding.
func decompress(encoding string, sent []byte) ([]byte, *apiError) {
	var reader io.Reader = bytes.NewReader(sent)
	switch encoding {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(reader)
		if err != nil {
			return nil, badRequest("Body is not gzip")
		}
		reader = unzipped
	default:
		return nil, badRequest("Content encoding is not supported")
	}
	body, err := io.ReadAll(io.LimitReader(reader, maxBody+1))
	if err != nil {
		return nil, badRequest("Body is not gzip")
	}
	if len(body) > maxBody {
		return nil, errorf(http.StatusRequestEntityTooLarge, "Request is too large")
	}
	return body, nil
}

// decode fills a value from the body. Member names count as they are spelled,
// and unknown ones are ignored. The error does not quote the body: there are
// secrets in it.
func decode[T any](c *call) (T, error) {
	var value T
	if json.Unmarshal(c.body, &value) != nil {
		var none T
		return none, badRequest("Request body is malformed")
	}
	return value, nil
}

// itemsBody is the body of all requests about several items.
type itemsBody[T any] struct {
	Items            []T  `json:"items"`
	IgnoreUnknownIDs bool `json:"ignoreUnknownIds"`
	// Misspelled is what the Python SDK sends when it deletes users.
	Misspelled bool `json:"ignore_unknown_ids"`
}

// decodeItems decodes a body with 1 to most items.
func decodeItems[T any](c *call, most int) (itemsBody[T], error) {
	body, err := decode[itemsBody[T]](c)
	if err != nil {
		return itemsBody[T]{}, err
	}
	if len(body.Items) < 1 || len(body.Items) > most {
		return itemsBody[T]{}, badRequest("items must have between 1 and %d elements", most)
	}
	return body, nil
}

// lookup returns the values of the keys that are known and the JSON forms of
// the others, or an error if a key is repeated.
func lookup[K comparable, V, W any](keys []W, key func(W) K, in *collection[K, V]) ([]V, []jsontext.Value, error) {
	if err := distinct(keys, key); err != nil {
		return nil, nil, err
	}
	var found []V
	var missing []jsontext.Value
	for _, named := range keys {
		if value, ok := in.get(key(named)); ok {
			found = append(found, value)
		} else {
			missing = append(missing, encode(named))
		}
	}
	return found, missing, nil
}

// distinct refuses items that are named more than once.
func distinct[K comparable, W any](named []W, key func(W) K) error {
	times := map[K]int{}
	var duplicated []jsontext.Value
	for _, one := range named {
		times[key(one)]++
		if times[key(one)] == 2 {
			duplicated = append(duplicated, encode(one))
		}
	}
	if duplicated != nil {
		return &apiError{Code: http.StatusBadRequest, Message: messageDuplicated, Duplicated: duplicated}
	}
	return nil
}

// required refuses items one of whose names is empty.
func required[W any](items []W, name string, key func(W) string) error {
	for i, item := range items {
		if key(item) == "" {
			return badRequest("items[%d].%s is required", i, name)
		}
	}
	return nil
}

// queryLimit returns the limit of a listing.
func (c *call) queryLimit(most int) (int, error) {
	query := c.request.URL.Query()
	if !query.Has("limit") {
		return standardPage, nil
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		return 0, badRequest("limit must be a number")
	}
	return limit, checkLimit(limit, most)
}

// checkLimit refuses a limit that is out of range.
func checkLimit(limit, most int) error {
	if limit < 1 || limit > most {
		return badRequest("limit must be between 1 and %d", most)
	}
	return nil
}
