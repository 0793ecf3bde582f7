package rpc

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// checkAddress parses text as the URL of a WebSocket. The error does not
// repeat text, which may hold a password.
func checkAddress(text string, allowPlain bool) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fault.Invalid("address", "is not a URL")
	}
	switch {
	case u.Hostname() == "":
		return nil, fault.Invalid("address", "must be a URL with a host")
	case u.User != nil:
		return nil, fault.Invalid("address", "must not carry credentials")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fault.Invalid("address", "must not carry a query or a fragment")
	case u.Scheme == "ws" && !allowPlain && !isLoopback(u.Hostname()):
		return nil, fault.Invalid("address", "is plain ws to another host, which would send credentials in clear: use wss or allow it explicitly")
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, fault.Invalid("address", "must start with wss:// or ws://")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fault.Invalid("address", "has no valid port")
		}
	}
	return u, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
