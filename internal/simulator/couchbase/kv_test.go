package couchbase_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// exchange sends one message of the key-value protocol and returns status,
// opaque and value of the answer.
func exchange(t *testing.T, connection net.Conn, operation byte, key, value string) (uint16, uint32, string) {
	t.Helper()
	message := make([]byte, 24, 24+len(key)+len(value))
	message[0], message[1] = 0x80, operation
	binary.BigEndian.PutUint16(message[2:], uint16(len(key)))
	binary.BigEndian.PutUint32(message[8:], uint32(len(key)+len(value)))
	binary.BigEndian.PutUint32(message[12:], 0xcafe)
	_, err := connection.Write(append(append(message, key...), value...))
	require.NoError(t, err)
	header := make([]byte, 24)
	_, err = io.ReadFull(connection, header)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x81, operation}, header[:2])
	body := make([]byte, binary.BigEndian.Uint32(header[8:]))
	_, err = io.ReadFull(connection, body)
	require.NoError(t, err)
	return binary.BigEndian.Uint16(header[6:]), binary.BigEndian.Uint32(header[12:]), string(body)
}

func TestKeyValue(t *testing.T) {
	t.Parallel()
	s := couchbase.New(couchbase.Options{})
	s.AddBucket("travel-sample", nil)
	s.SeedUser(couchbase.User{ID: "jane", Password: "secret"})
	s.SeedUser(couchbase.User{ID: "cold", Password: "secret", Locked: true})
	s.StartTLS(nil)
	t.Cleanup(s.Close)
	plain, err := net.Dial("tcp", strings.TrimPrefix(s.ConnectionString(), "couchbase://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = plain.Close() })
	secure, err := tls.Dial("tcp", strings.TrimPrefix(s.TLSConnectionString(), "couchbases://"), &tls.Config{RootCAs: s.CertPool(), MinVersion: tls.VersionTLS12})
	require.NoError(t, err)
	t.Cleanup(func() { _ = secure.Close() })
	for _, connection := range []net.Conn{plain, secure} {
		for _, one := range []struct {
			operation  byte
			key, value string
			status     uint16
			answer     string
		}{
			{0x0a, "", "", 0, ""},
			{0x1f, "client", "\x00\x01\x00\x07\x00\x08\x00\x12", 0, "\x00\x07\x00\x08"},
			{0x20, "", "", 0, "PLAIN"},
			{0x21, "PLAIN", "\x00Administrator\x00password", 0, ""},
			{0x21, "PLAIN", "\x00jane\x00secret", 0, ""},
			{0x21, "PLAIN", "\x00jane\x00wrong", 0x20, ""},
			{0x21, "PLAIN", "\x00cold\x00secret", 0x20, ""},
			{0x21, "SCRAM-SHA1", "\x00jane\x00secret", 0x20, ""},
			{0x89, "travel-sample", "", 0, ""},
			{0x89, "nothing", "", 0x24, ""},
			{0xfe, "", "\x00\x01", 0, `{"version":1,"revision":1,"errors":{}}`},
			{0x01, "", "", 0x81, ""},
		} {
			status, opaque, answer := exchange(t, connection, one.operation, one.key, one.value)
			assert.Equal(t, []any{one.status, uint32(0xcafe), one.answer}, []any{status, opaque, answer}, "%#x", one.operation)
		}
		_, _, config := exchange(t, connection, 0xb5, "", "")
		first := parse[nodeList](t, config).Rev
		_, _, config = exchange(t, connection, 0xb5, "", "")
		assert.Greater(t, parse[nodeList](t, config).Rev, first, "every answer is newer")
		list := parse[nodeList](t, config)
		require.Len(t, list.Nodes, 1)
		assert.Len(t, list.Nodes[0].Services, 4)
	}
	for _, nonsense := range []string{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x80\x0a\xff\xff" + strings.Repeat("\x00", 20), "\x80\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09" + strings.Repeat("\x00", 12)} {
		stranger, err := net.Dial("tcp", strings.TrimPrefix(s.ConnectionString(), "couchbase://"))
		require.NoError(t, err)
		_, err = io.WriteString(stranger, nonsense)
		require.NoError(t, err)
		require.NoError(t, stranger.(*net.TCPConn).CloseWrite())
		answer, _ := io.ReadAll(stranger)
		assert.Empty(t, answer)
		require.NoError(t, stranger.Close())
	}
}
