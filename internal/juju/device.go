package juju

import (
	"context"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/rpc"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// personPatience is how long a person may take to confirm a login.
const personPatience = 15 * time.Minute

// DeviceLogin has a person log in to JAAS, somewhere else: Admin(4).LoginDevice
// and Admin(4).GetDeviceSessionToken. Show is called with what the person needs,
// a code and the address to enter it at. It returns a session token. The
// credential of config is not used.
func DeviceLogin(ctx context.Context, config Config, show func(code, uri string)) (string, error) {
	secure, err := tlsConfig(config)
	if err != nil {
		return "", err
	}
	c, err := rpc.New(rpc.Config[string]{
		Addresses: config.Addresses, HTTPClient: config.HTTPClient, TLS: secure, AllowPlain: config.AllowPlain,
		Classify: classify, Timeout: personPatience,
		Handshake: func(ctx context.Context, conn *rpc.Conn) (string, error) { return confirm(ctx, conn, show) },
	})
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.Session(ctx)
}

// confirm waits until the person has confirmed the login.
func confirm(ctx context.Context, conn *rpc.Conn, show func(code, uri string)) (string, error) {
	data, err := conn.Call(ctx, &rpc.Request{Facade: "Admin", Version: jaasAdmin, Method: "LoginDevice"})
	if err != nil {
		return "", err
	}
	var device struct {
		Code string `json:"user-code"`
		URI  string `json:"verification-uri"`
	}
	if err := transport.Decode(data, &device); err != nil || device.Code == "" {
		return "", badAnswer()
	}
	show(device.Code, device.URI)
	data, err = conn.Call(ctx, &rpc.Request{Facade: "Admin", Version: jaasAdmin, Method: "GetDeviceSessionToken"})
	if err != nil {
		return "", err
	}
	var session struct {
		Token string `json:"session-token"`
	}
	if err := transport.Decode(data, &session); err != nil {
		return "", err
	}
	if session.Token == "" {
		return "", fault.New(fault.Unauthenticated, "the login was not confirmed")
	}
	return session.Token, nil
}
