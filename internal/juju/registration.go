package juju

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"net"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// KeySize is the length of a secret key in bytes.
const KeySize = 32

// maxToken bounds registration strings.
const maxToken = 64 << 10

// Registration is what a registration string tells: who holds it can take the
// account. It prints as a mark.
type Registration struct {
	transport.Unprintable

	// Username is the user's name.
	Username string
	// Addresses are those of the controller, host and port.
	Addresses []string
	// Key is the secret key, of KeySize bytes.
	Key []byte
	// ControllerName is what the controller is called.
	ControllerName string
	// ProxyConfig says how to reach the controller through a proxy, empty for
	// none. This package uses no proxy.
	ProxyConfig string
}

// newToken is the string as it is written. Older ones have no last field.
type newToken struct {
	Username       string
	Addresses      []string
	Key            []byte
	ControllerName string
	ProxyConfig    string
}

// anyToken is the string as it is read.
type anyToken struct {
	Username       string
	Addresses      []string
	Key            []byte
	ControllerName string
	ProxyConfig    string `asn1:"optional"`
}

// Token returns r as the string that "juju register" takes.
func (r Registration) Token() (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	data, err := asn1.Marshal(newToken{r.Username, r.Addresses, r.Key, r.ControllerName, r.ProxyConfig})
	if err != nil {
		return "", fault.New(fault.InvalidArgument, "the registration cannot be written down") // the cause may quote it
	}
	data = append(data, make([]byte, (3-len(data)%3)%3)...) // so that the text needs no padding
	return base64.URLEncoding.EncodeToString(data), nil
}

// ParseToken reads a string that [Registration.Token] or a controller's own
// client wrote.
func ParseToken(token string) (Registration, error) {
	bad := fault.Invalid("token", "is not a registration string")
	if len(token) > maxToken {
		return Registration{}, bad
	}
	data, err := base64.URLEncoding.DecodeString(strings.TrimSpace(token))
	if err != nil {
		return Registration{}, bad
	}
	var t anyToken
	rest, err := asn1.Unmarshal(data, &t)
	if err != nil || len(bytes.Trim(rest, "\x00")) > 0 {
		return Registration{}, bad
	}
	r := Registration{Username: t.Username, Addresses: t.Addresses, Key: t.Key, ControllerName: t.ControllerName, ProxyConfig: t.ProxyConfig}
	return r, r.check()
}

func (r Registration) check() error {
	if _, err := local("Username", r.Username); err != nil {
		return err
	}
	if len(r.Key) != KeySize {
		return fault.Invalid("Key", "must have %d bytes", KeySize)
	}
	if len(r.Addresses) == 0 {
		return fault.Invalid("Addresses", "must not be empty")
	}
	for _, address := range r.Addresses {
		if err := checkHostPort("Addresses", address); err != nil {
			return err
		}
	}
	if !utf8.ValidString(r.ControllerName) || !utf8.ValidString(r.ProxyConfig) {
		return fault.Invalid("ControllerName", "must be valid UTF-8")
	}
	return nil
}

func checkHostPort(field, address string) error {
	host, port, err := net.SplitHostPort(address)
	n, badPort := strconv.ParseUint(port, 10, 16)
	if err != nil || badPort != nil || n == 0 || host == "" || strings.ContainsAny(host, "/?#@ \t\r\n") || !utf8.ValidString(host) {
		return fault.Invalid(field, "must be a host and a port, such as 10.0.0.1:17070")
	}
	return nil
}
