package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

type item struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// drain ranges over seq to its end and checks that an error comes once, last
// and with a zero value.
func drain[T comparable](tb testing.TB, seq iter.Seq2[T, error]) ([]T, error) {
	tb.Helper()
	var values []T
	var failure error
	for value, err := range seq {
		require.NoError(tb, failure, "nothing follows an error")
		if err != nil {
			var zero T
			assert.Equal(tb, zero, value)
			failure = err
			continue
		}
		values = append(values, value)
	}
	return values, failure
}

// streamed answers every request with body.
func streamed(tb testing.TB, cfg Config, body func() io.Reader) (*Client, *fakeTransport) {
	tb.Helper()
	return fakeClient(tb, cfg, func(int, *http.Request) (*http.Response, error) {
		answer := reply(200, "")
		answer.Body, answer.ContentLength = io.NopCloser(body()), -1
		return answer, nil
	})
}

func text(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }

func TestElements(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]item{
		`[]`: nil,
		` [ {"id":1,"name":"a"} , {"ID":2,"unknown":[{}],"Name":"b","name":"c"} ] ` + "\n": {{1, "a"}, {2, "c"}},
		"[{\"name\":\"caf\xe9\"}]": {{0, "caf\uFFFD"}},
		`[null]`:                   {{}},
	} {
		client, server := streamed(t, Config{}, text(body))
		seq := Elements[item](t.Context(), client, &Request{Method: "GET"})
		assert.Zero(t, server.count(), "lazy")
		for n := range 2 {
			values, err := drain(t, seq)
			require.NoError(t, err, body)
			assert.Equal(t, want, values)
			assert.Equal(t, n+1, server.count())
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	client, server := streamed(t, Config{}, text(`{"b":{"id":1},"a":{"id":2},"b":{"id":3}}`))
	seq := Members[item](t.Context(), client, &Request{Method: "GET"})
	assert.Zero(t, server.count(), "lazy")
	for n := range 2 {
		values, err := drain(t, seq)
		require.NoError(t, err)
		assert.Equal(t, []Member[item]{{"b", item{ID: 1}}, {"a", item{ID: 2}}, {"b", item{ID: 3}}}, values)
		assert.Equal(t, n+1, server.count())
	}
}

func TestMalformedStreams(t *testing.T) {
	t.Parallel()
	cut, wrong := "internal: the answer is cut short", "internal: the answer is not what the protocol promises"
	for body, want := range map[string]string{
		``: wrong, `null`: wrong, `"secret"`: wrong, `[{"id":1}`: cut, `[{"id":1},`: cut, `[{"id":1},{"id":`: cut,
		`[{"id":1},]`: wrong, `[{"id":1}] x`: wrong, `[{"id":1}][]`: wrong, `[{"id":1}}`: wrong, `[{"id":"secret"}]`: wrong,
		`<html>`: wrong, `{"id":1}`: wrong, `[`: cut, `[nul`: cut,
	} {
		client, _ := streamed(t, Config{}, text(body))
		_, err := drain(t, Elements[item](t.Context(), client, &Request{Method: "GET"}))
		require.EqualError(t, err, want, body)
	}
	for body, want := range map[string]string{
		``: wrong, `[]`: wrong, `{`: cut, `{"a"`: cut, `{"a":`: cut, `{"a":{}`: cut, `{"a":{},`: cut, `{"a":{},}`: wrong, `{"a":{}}{`: wrong, `{"a":1}`: wrong,
		`{1:{}}`: wrong,
	} {
		client, _ := streamed(t, Config{}, text(body))
		_, err := drain(t, Members[item](t.Context(), client, &Request{Method: "GET"}))
		assert.EqualError(t, err, want, body)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var got item
	require.NoError(t, Decode([]byte(`{"ID":1,"unknown":2,"NAME":"a","name":"b"}`), &got))
	assert.Equal(t, item{1, "b"}, got)
	require.EqualError(t, Decode([]byte(`{"id":`), &got), "internal: the answer is cut short")
	require.EqualError(t, Decode([]byte(`{"id":"secret"}`), &got), "internal: the answer is not what the protocol promises")
	assert.EqualError(t, Decode([]byte(`{} {}`), &got), "internal: the answer is not what the protocol promises")
}

func TestForeign(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{"": false, " \n": false, `{"a":1}`: false, ` "text"`: false, "null": false, "<html>": true, "404 page not found\n": true, `{"a":`: true} {
		assert.Equal(t, want, Foreign([]byte(body)), "%q", body)
	}
}

func TestStreamThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"amid": `[{"id":1},{"id":2},{"i`, "at the very end": `[{"id":1},{"id":2}]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				_, _ = io.WriteString(w, body)
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			})
			values, err := drain(t, Elements[item](t.Context(), newClient(t, s.URL, Config{}), &Request{Method: "GET"}))
			assert.Equal(t, []item{{ID: 1}, {ID: 2}}, values)
			assert.Equal(t, fault.Unavailable, fault.KindOf(err))
			require.ErrorContains(t, err, "the answer broke off")
			assert.EqualValues(t, 1, requests.Load(), "what was handed out cannot be taken back")
		})
	}
}

func TestStoppingEarly(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = io.WriteString(w, "[1")
		for {
			if _, err := io.WriteString(w, ",1"); err != nil {
				close(gone)
				return
			}
		}
	})
	client := newClient(t, s.URL, Config{})
	for value, err := range Elements[int](t.Context(), client, &Request{Method: "GET"}) {
		require.NoError(t, err)
		assert.Equal(t, 1, value)
		break
	}
	<-gone
	assert.EqualValues(t, 1, requests.Load())

	closed := 0
	fake, _ := fakeClient(t, Config{}, func(int, *http.Request) (*http.Response, error) {
		answer := reply(200, "")
		answer.Body = &onClose{strings.NewReader(`{"a":1,"b":2}`), func() { closed++ }}
		return answer, nil
	})
	for range Members[int](t.Context(), fake, &Request{Method: "GET"}) {
		break
	}
	assert.Positive(t, closed)
}

type onClose struct {
	io.Reader

	closed func()
}

func (c *onClose) Close() error {
	c.closed()
	return nil
}

func TestStreamReusesItsConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = fmt.Fprintf(w, `[%q]`, r.RemoteAddr)
	})
	client := newClient(t, s.URL, Config{})
	var connections []string
	for range 5 {
		values, err := drain(t, Elements[string](t.Context(), client, &Request{Method: "GET"}))
		require.NoError(t, err)
		connections = append(connections, values...)
	}
	assert.Len(t, slices.Compact(connections), 1)
}

func TestStreamFailures(t *testing.T) {
	t.Parallel()
	client, _ := fakeClient(t, Config{}, func(int, *http.Request) (*http.Response, error) { return reply(404, "no such list"), nil })
	values, err := drain(t, Elements[int](t.Context(), client, &Request{Method: "GET"}))
	assert.Empty(t, values)
	assert.Equal(t, &fault.Error{Kind: fault.NotFound, FromServer: true, Status: 404, Message: "no such list"}, err)
}

func TestStreamLogsInAgain(t *testing.T) {
	t.Parallel()
	var logins counter
	client, server := fakeClient(t, Config{Authenticator: NewSession(logins.login)}, func(_ int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("X-Token") == "1" {
			return reply(401, ""), nil
		}
		return reply(200, "[1,2]"), nil
	})
	values, err := drain(t, Elements[int](t.Context(), client, &Request{Method: "GET"}))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, values)
	assert.Equal(t, 2, server.count())
}

// A feed yields what it is given, a part at a time, until the request ends.
type feed struct {
	ctx   context.Context
	parts []string
	pause time.Duration // before the next part
	later time.Duration // before those that follow
}

func (f *feed) Read(p []byte) (int, error) {
	select {
	case <-time.After(f.pause):
	case <-f.ctx.Done():
		return 0, f.ctx.Err()
	}
	if len(f.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.parts[0])
	f.parts, f.pause = f.parts[1:], f.later
	return n, nil
}

func TestSilence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, later, consumer time.Duration
		whole                  bool
	}{
		"quick":           {time.Second, time.Second, 0, true},
		"slow server":     {9 * time.Second, 9 * time.Second, 0, true},
		"slow consumer":   {9 * time.Second, 9 * time.Second, time.Hour, true},
		"silent at first": {11 * time.Second, 0, 0, false},
		"silent later":    {time.Second, 11 * time.Second, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := fakeClient(t, Config{Timeout: 10 * time.Second}, func(_ int, r *http.Request) (*http.Response, error) {
					answer := reply(200, "")
					answer.Body = io.NopCloser(&feed{r.Context(), []string{"[1,", "2,", "3,", "4]"}, c.first, c.later})
					return answer, nil
				})
				var values []int
				var failure error
				for value, err := range Elements[int](t.Context(), client, &Request{Method: "GET"}) {
					values, failure = append(values, value), err
					time.Sleep(c.consumer)
				}
				if c.whole {
					require.NoError(t, failure)
					assert.Equal(t, []int{1, 2, 3, 4}, values)
					return
				}
				assert.EqualError(t, failure, "unavailable: the server took too long to answer")
			})
		})
	}
}

func TestSilenceBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := fakeClient(t, Config{Timeout: 10 * time.Second}, func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		_, err := drain(t, Elements[int](t.Context(), client, &Request{Method: "GET"}))
		require.EqualError(t, err, "unavailable: the server took too long to answer")
		assert.Equal(t, 10*time.Second, time.Since(start))
	})
}

func TestStreamCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := fakeClient(t, Config{}, func(_ int, r *http.Request) (*http.Response, error) {
			answer := reply(200, "")
			answer.Body = io.NopCloser(&feed{r.Context(), []string{"[1,", "2,", "3]"}, 2 * time.Second, 2 * time.Second})
			return answer, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		values, err := drain(t, Elements[int](ctx, client, &Request{Method: "GET"}))
		assert.Equal(t, []int{1, 2}, values)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, fault.Canceled, fault.KindOf(err))
	})
}

// generated is a list of n items that is made as it is read.
func generated(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		line := []byte(`,{"id":1,"name":"` + strings.Repeat("n", 100) + `"}`)
		_, _ = w.Write(append([]byte("["), line[1:]...))
		batch := bytes.Repeat(line, 100)
		for range n / 100 {
			if _, err := w.Write(batch); err != nil {
				return
			}
		}
		_, _ = w.Write([]byte("]"))
		w.Close()
	}()
	return r
}

func TestStreamMemoryIsBounded(t *testing.T) {
	t.Parallel()
	client, _ := streamed(t, Config{}, func() io.Reader { return generated(100_000) }) // 12 MB
	count := 0
	var largest uint64
	for _, err := range Elements[item](t.Context(), client, &Request{Method: "GET"}) {
		require.NoError(t, err)
		if count++; count%20_000 == 0 {
			runtime.GC()
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			largest = max(largest, stats.HeapAlloc)
		}
	}
	assert.Equal(t, 100_001, count)
	assert.Less(t, largest, uint64(64<<20), "all tests together")
}

func TestLargeElement(t *testing.T) {
	t.Parallel()
	big := func(n int) string { return `["` + strings.Repeat("x", n) + `","` + strings.Repeat("y", n) + `"]` }
	client, _ := streamed(t, Config{MaxBody: 100_000}, text(big(90_000)))
	values, err := drain(t, Elements[string](t.Context(), client, &Request{Method: "GET"}))
	require.NoError(t, err)
	assert.Len(t, values, 2)

	for name, body := range map[string]func() io.Reader{
		"one string":  func() io.Reader { return io.MultiReader(strings.NewReader(`["`), &endless{left: 1 << 40}) },
		"many fields": func() io.Reader { return io.MultiReader(strings.NewReader(`[{"a":[`), &repeated{"1,"}) },
		"white space": func() io.Reader { return io.MultiReader(strings.NewReader(`[`), &repeated{" "}) },
	} {
		client, _ = streamed(t, Config{MaxBody: 100_000}, body)
		_, err = drain(t, Elements[string](t.Context(), client, &Request{Method: "GET"}))
		if name == "many fields" {
			_, err = drain(t, Elements[item](t.Context(), client, &Request{Method: "GET"}))
		}
		assert.EqualError(t, err, "internal: an element of the answer is larger than 100000 bytes", name)
	}
}

type repeated struct{ text string }

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n+len(r.text) <= len(p) {
		n += copy(p[n:], r.text)
	}
	return n, nil
}

// decodeAll decodes body as a stream does.
func decodeAll(body io.Reader) (elements []any, members []Member[any], arrayErr, objectErr error) {
	data, _ := io.ReadAll(body)
	silence := time.NewTimer(time.Hour)
	defer silence.Stop()
	read := func() *streamReader {
		return newStreamReader(iotest.HalfReader(bytes.NewReader(data)), 1<<20, silence, time.Hour)
	}
	arrayErr = array(read(), func(v any) bool {
		elements = append(elements, v)
		return true
	})
	objectErr = object(read(), func(m Member[any]) bool {
		members = append(members, m)
		return true
	})
	return elements, members, arrayErr, objectErr
}

func FuzzStream(f *testing.F) {
	for _, body := range []string{
		`[]`, `{}`, `[1,"a",null,{"a":[{}]}]`, `{"a":{"b":1},"a":[]}`, ` [ 1 , 2 ] `, `[1`, `{"a"`, `null`, "[\"\xff\"]", `[1]x`, `{"a":1}{`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, arrayErr, objectErr := decodeAll(bytes.NewReader(body))
		if arrayErr == nil && objectErr == nil {
			t.Fatalf("%q is both an array and an object", body)
		}
		if arrayErr != nil && objectErr != nil {
			return
		}
		// Cut anywhere before its closing bracket, a list is an error.
		end := len(bytes.TrimRight(body, " \t\r\n"))
		for cut := range min(end, 300) {
			_, _, arrayErr, objectErr := decodeAll(bytes.NewReader(body[:cut]))
			if arrayErr == nil || objectErr == nil {
				t.Fatalf("%q passes for a whole list", body[:cut])
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":1,"name":"a"}`))
	f.Add([]byte(`{"ID":1e400}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var got item
		if err := Decode(body, &got); err != nil && fault.KindOf(err) != fault.Internal {
			t.Fatal(err)
		}
	})
}

func BenchmarkElements(b *testing.B) {
	body := []byte("[" + strings.Repeat(`{"id":1,"name":"somebody"},`, 9999) + `{"id":1,"name":"` + strconv.Itoa(1) + `"}]`)
	client, _ := streamed(b, Config{}, func() io.Reader { return bytes.NewReader(body) })
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		for _, err := range Elements[item](b.Context(), client, &Request{Method: "GET"}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
