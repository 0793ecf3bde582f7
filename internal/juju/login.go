package juju

import (
	"context"
	"net"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/rpc"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	plainAdmin    = 3 // the version of Admin on controllers
	jaasAdmin     = 4 // the version of Admin on JAAS
	bakeryVersion = 3
)

// DischargeRequired is the cause of a login that needs somebody to discharge
// a macaroon first. It prints without the macaroon.
type DischargeRequired struct {
	transport.Unprintable

	// Macaroon is what to discharge, as JSON.
	Macaroon jsontext.Value
	// Reason is why, in the controller's words.
	Reason string
}

// Error says that a discharge is required.
func (*DischargeRequired) Error() string { return "the login requires the discharge of a macaroon" }

// Redirect is the cause of a login that has to be made elsewhere.
type Redirect struct {
	// Servers are the addresses to go to, host and port.
	Servers []string
	// CA is the certificate of the authority there, as PEM.
	CA string
	// ControllerUUID identifies the controller there, if it was told.
	ControllerUUID string
	// ControllerAlias is its name, if it was told.
	ControllerAlias string
}

// Error says that the login has to be made elsewhere.
func (*Redirect) Error() string { return "the login has to be made at another controller" }

// Maintenance is the cause of a login that fails while the controller is
// upgraded or moved.
type Maintenance struct{}

// Error says that the controller is under maintenance.
func (*Maintenance) Error() string { return "the controller is under maintenance" }

// OldClient is the cause of a login of a kind that the server has given up.
type OldClient struct{}

// Error says that the server takes other logins.
func (*OldClient) Error() string { return "the server does not take this kind of login" }

type hostPort struct {
	Value string `json:"value"`
	Port  int    `json:"port"`
}

// passwordLogin are the parameters of Admin(3).Login.
type passwordLogin struct {
	ClientVersion string         `json:"client-version"`
	AuthTag       string         `json:"auth-tag"`
	Credentials   string         `json:"credentials"`
	Macaroons     jsontext.Value `json:"macaroons,omitzero"`
	BakeryVersion int            `json:"bakery-version,omitzero"`
}

// clientLogin are the parameters of Admin(4).LoginWithClientCredentials.
type clientLogin struct {
	ClientID     string `json:"client-id"`
	ClientSecret string `json:"client-secret"`
}

// tokenLogin are the parameters of Admin(4).LoginWithSessionToken.
type tokenLogin struct {
	SessionToken string `json:"session-token"`
}

// loginAnswer is what all logins are answered with.
type loginAnswer struct {
	Servers       [][]hostPort `json:"servers"`
	PublicDNSName string       `json:"public-dns-name"`
	ControllerTag string       `json:"controller-tag"`
	User          *struct {
		DisplayName string `json:"display-name"`
		Identity    string `json:"identity"`
		Access      string `json:"controller-access"`
	} `json:"user-info"`
	Facades []struct {
		Name     string `json:"name"`
		Versions []int  `json:"versions"`
	} `json:"facades"`
	ServerVersion string `json:"server-version"`

	Discharge       jsontext.Value `json:"discharge-required"`
	BakeryDischarge jsontext.Value `json:"bakery-discharge-required"`
	DischargeReason string         `json:"discharge-required-error"`
}

// logIn logs in on a new connection.
func (c *Client) logIn(ctx context.Context, conn *rpc.Conn) (*Session, error) {
	s, err := c.authenticate(ctx, conn)
	if f, ok := asFault(err); ok && f.Err != nil && c.cause != nil {
		f.Err = c.cause(f.Err)
	}
	return s, err
}

// authenticate sends the credential: Admin.Login, or what JAAS has in its place.
func (c *Client) authenticate(ctx context.Context, conn *rpc.Conn) (*Session, error) {
	credential, err := c.credential(ctx)
	if err != nil {
		return nil, err
	}
	said := *c.version.Load()
	r, err := loginRequest(credential, said)
	if err != nil {
		return nil, err
	}
	data, err := conn.Call(ctx, r)
	if err != nil {
		return nil, explain(ctx, conn, err)
	}
	var answer loginAnswer
	if err := transport.Decode(data, &answer); err != nil {
		return nil, err
	}
	s, err := answer.session(r)
	if err != nil {
		return nil, err
	}
	if r.Version == plainAdmin {
		_, ours, _ := plainVersion(said)
		if version, theirs, ok := plainVersion(s.ServerVersion); ok && theirs != ours {
			c.version.Store(&version)
			return nil, rpc.ErrRedial
		}
	}
	return s, nil
}

// loginRequest returns the request that logs in with a credential.
func loginRequest(credential Credential, clientVersion string) (*rpc.Request, error) {
	r := &rpc.Request{Facade: "Admin", Version: jaasAdmin}
	var params any
	switch {
	case credential.ClientID != "":
		r.Method, r.Secrets = "LoginWithClientCredentials", []string{credential.ClientSecret}
		params = clientLogin{credential.ClientID, credential.ClientSecret}
	case credential.SessionToken != "":
		r.Method, r.Secrets = "LoginWithSessionToken", []string{credential.SessionToken}
		params = tokenLogin{credential.SessionToken}
	default:
		login := passwordLogin{ClientVersion: clientVersion, Credentials: credential.Password}
		if credential.Username != "" || credential.Macaroons == nil {
			who, err := user("Username", credential.Username)
			if err != nil {
				return nil, err
			}
			if who.kind == localUser || credential.Macaroons == nil {
				login.AuthTag = who.tag // external users are named by their macaroons
			}
		}
		if credential.Macaroons != nil {
			login.Macaroons, login.BakeryVersion = credential.Macaroons, bakeryVersion
		}
		r.Version, r.Method, r.Secrets = plainAdmin, "Login", []string{credential.Password, string(credential.Macaroons)}
		params = login
	}
	data, err := transport.Encode(params)
	r.Params = data
	return r, err
}

// session turns the answer to a login into a session.
func (a *loginAnswer) session(r *rpc.Request) (*Session, error) {
	if a.User == nil {
		return nil, a.undone(r)
	}
	identity, err := userOf(a.User.Identity)
	if err != nil {
		return nil, err
	}
	s := &Session{
		Identity: identity, DisplayName: a.User.DisplayName, Access: a.User.Access,
		ControllerUUID: strings.TrimPrefix(a.ControllerTag, controllerPrefix), ServerVersion: a.ServerVersion,
		Servers: hostPorts(a.Servers), PublicDNSName: a.PublicDNSName, JAAS: r.Version == jaasAdmin,
		Offered: map[string][]int{}, secrets: r.Secrets,
	}
	for _, facade := range a.Facades {
		s.Offered[facade.Name] = facade.Versions
	}
	s.facades = negotiate(s.Offered)
	return s, nil
}

// undone returns the failure of a login that was answered without a user.
func (a *loginAnswer) undone(r *rpc.Request) error {
	macaroon := a.BakeryDischarge
	if len(macaroon) == 0 {
		macaroon = a.Discharge
	}
	if len(macaroon) == 0 {
		return badAnswer()
	}
	cause := &DischargeRequired{Macaroon: macaroon, Reason: transport.Redact(a.DischargeReason, r.Secrets)}
	return &fault.Error{
		Kind: fault.Unauthenticated, FromServer: true, Err: cause,
		Message: "discharge required: the user has to prove itself to an identity provider first",
	}
}

func hostPorts(groups [][]hostPort) []string {
	var list []string
	for _, group := range groups {
		for _, h := range group {
			list = append(list, net.JoinHostPort(h.Value, strconv.Itoa(h.Port)))
		}
	}
	return list
}

// redirectInfo tells where to log in.
type redirectInfo struct {
	Servers         [][]hostPort `json:"servers"`
	CA              string       `json:"ca-cert"`
	ControllerTag   string       `json:"controller-tag"`
	ControllerAlias string       `json:"controller-alias"`
}

// explain adds the cause to the failure of a login.
func explain(ctx context.Context, conn *rpc.Conn, err error) error {
	f, ok := asFault(err)
	if !ok || !f.FromServer {
		return err
	}
	redirect, redirected := f.Err.(*Redirect) //nolint:errorlint // it is where classify put it
	switch {
	case redirected && redirect.Servers == nil: // old servers tell only when they are asked
		if info, err := conn.Call(ctx, &rpc.Request{Facade: "Admin", Version: plainAdmin, Method: "RedirectInfo"}); err == nil {
			f.Err = redirectOf(info)
		}
	case strings.Contains(f.Message, "maintenance in progress"), f.Code == "upgrade in progress":
		f.Err = &Maintenance{}
	case f.Code == "not supported" && strings.Contains(f.Message, "login from old clients"):
		f.Err = &OldClient{}
	}
	return err
}

// redirectOf reads where to log in. Without details it is still a redirect.
func redirectOf(data jsontext.Value) *Redirect {
	var info redirectInfo
	if len(data) == 0 || transport.Decode(data, &info) != nil {
		return &Redirect{}
	}
	return &Redirect{
		Servers: hostPorts(info.Servers), CA: info.CA, ControllerUUID: strings.TrimPrefix(info.ControllerTag, controllerPrefix),
		ControllerAlias: info.ControllerAlias,
	}
}
