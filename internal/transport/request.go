package transport

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Request is one request of a protocol. It is not changed by the transport.
type Request struct {
	// Method is the HTTP method.
	Method string
	// Path holds the segments beneath the base URL, not escaped. Each becomes
	// exactly one segment on the wire, whatever it holds.
	Path []string
	// Query is the query, nil for none.
	Query url.Values
	// Header adds headers; nil for none. It is not for credentials.
	Header http.Header
	// Body is the body, nil for none.
	Body []byte
	// ContentType describes Body, application/json if empty.
	ContentType string
	// Class says whether the request may be sent again.
	Class Class
	// Origin sends the request to this base URL, which [CheckBase] let pass,
	// whatever the router says; nil leaves it to the router.
	Origin *url.URL
	// Anonymous sends no credentials.
	Anonymous bool
	// Secrets are the secrets in the request, so that they can be removed
	// from what the server says about it.
	Secrets []string
}

// Response is an answer of status 2xx.
type Response struct {
	// Status is the HTTP status.
	Status int
	// Header is the header of the answer.
	Header http.Header
	// Body is the whole body, empty if there is none.
	Body []byte
	// Resent is set when an earlier attempt may have taken effect already.
	Resent bool

	from *exchange
}

// RequestID returns the server's name for the exchange, without secrets; "" if
// it gave none.
func (r *Response) RequestID() string {
	return Redact(r.Header.Get("X-Request-Id"), r.from.secrets())
}

var (
	acceptJSON  = []string{"application/json"}
	contentJSON = acceptJSON
)

// build returns the HTTP request for r, to base.
func (c *Client) build(ctx context.Context, base *url.URL, r *Request, grant *Grant) (*http.Request, *fault.Error) {
	u, err := requestURL(base, r)
	if err != nil {
		return nil, err
	}
	header := make(http.Header, len(r.Header)+4)
	maps.Copy(header, r.Header)
	if header["Accept"] == nil {
		header["Accept"] = acceptJSON
	}
	header["User-Agent"] = c.userAgent
	if r.Body != nil {
		if r.ContentType == "" {
			header["Content-Type"] = contentJSON
		} else {
			header["Content-Type"] = []string{r.ContentType}
		}
	}
	if grant != nil {
		maps.Copy(header, grant.Header)
	}
	if err := checkHeader(header); err != nil {
		return nil, err
	}
	request := http.Request{
		Method: r.Method, URL: u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return request.WithContext(ctx), nil
}

// checkHeader refuses what HTTP cannot carry, such as the line break at the
// end of a token that was read from a file.
func checkHeader(header http.Header) *fault.Error {
	for name, values := range header {
		for _, value := range values {
			for i := range len(value) { // a token is long and this is on the way of every request
				if b := value[i]; b != '\t' && isControl(rune(b)) {
					return fault.New(fault.InvalidArgument, "the header %s must not contain control characters", name)
				}
			}
		}
	}
	return nil
}

func requestURL(base *url.URL, r *Request) (*url.URL, *fault.Error) {
	u := *base
	plain := append(make([]byte, 0, 128), u.Path...)
	escaped := append(make([]byte, 0, 128), u.EscapedPath()...)
	for _, segment := range r.Path {
		text, err := escapeSegment(segment)
		if err != nil {
			return nil, err
		}
		plain = append(append(plain, '/'), segment...)
		escaped = append(append(escaped, '/'), text...)
	}
	u.Path, u.RawPath = string(plain), ""
	if !bytes.Equal(escaped, plain) {
		u.RawPath = string(escaped)
	}
	if r.Query != nil {
		u.RawQuery = r.Query.Encode()
	}
	return &u, nil
}

// EscapeSegment escapes text so that it is one segment of a path: slashes are
// escaped, and so is the plus sign, which some servers read as a space. What
// cannot be carried safely in a path is refused: the empty text, "." and "..",
// which name other resources, control characters and broken UTF-8.
func EscapeSegment(text string) (string, error) {
	escaped, err := escapeSegment(text)
	if err != nil {
		return "", err
	}
	return escaped, nil
}

func escapeSegment(text string) (string, *fault.Error) {
	switch {
	case text == "":
		return "", fault.Invalid("name", "must not be empty")
	case text == "." || text == "..":
		return "", fault.Invalid("name", "must not be %q", text)
	case !utf8.ValidString(text):
		return "", fault.Invalid("name", "must be valid UTF-8")
	case strings.ContainsFunc(text, isControl):
		return "", fault.Invalid("name", "must not contain control characters")
	}
	return strings.ReplaceAll(url.PathEscape(text), "+", "%2B"), nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
