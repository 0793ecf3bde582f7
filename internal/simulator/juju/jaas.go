package juju

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// sessionCookie is the cookie of a browser session with JIMM.
const sessionCookie = "jimm-browser-session"

// serviceAccounts is the domain of users that are programs.
const serviceAccounts = "serviceaccount"

// sessionTokenLife is how long a session token of a confirmed device lives.
const sessionTokenLife = 24 * time.Hour

// SeedServiceAccount stores a service account, which logs in as
// "ID@serviceaccount" with a client secret.
func (s *Server) SeedServiceAccount(id, secret, displayName string) {
	s.SeedUser(User{Name: id + "@" + serviceAccounts, DisplayName: displayName})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.robots[id] = secret
}

// SeedSessionToken makes a session token good for a user until it expires.
func (s *Server) SeedSessionToken(token, name string, expires time.Time) {
	id := mustUserID(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[token] = login{user: id, expires: expires}
}

// SeedSessionCookie makes a browser's session cookie good for a user.
func (s *Server) SeedSessionCookie(value, name string) {
	id := mustUserID(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cookies[value] = id
}

// ConfirmDevice says that a person has logged in with the code of a device. It
// reports whether a device waits for the code.
func (s *Server) ConfirmDevice(userCode, name string) bool {
	id := mustUserID(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting, ok := s.devices[userCode]
	if !ok || len(waiting) > 0 {
		return false
	}
	waiting <- id
	return true
}

// IssueToken returns a token as a JIMM sends it to a controller in the name of a
// user, with the levels that it vouches for by the tags of the objects.
func (s *Server) IssueToken(name string, access map[string]string) string {
	id := mustUserID(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	token := base64.StdEncoding.EncodeToString([]byte("e30." + s.secret() + "." + s.secret()))
	s.tokens[token] = claims{user: id, access: access}
	return token
}

// loginToken lets in the user of a token.
func (s *Server) loginToken(c call, token string) (loginResult, error) {
	said, ok := s.tokens[token]
	if !ok {
		return loginResult{}, badCredentials()
	}
	c.session.user, c.session.claims = said.user, said
	return s.enter(c)
}

// jaasMethods makes the methods of a controller those of a JIMM.
func jaasMethods(methods map[string]map[string]method) {
	unauthorized := refused(errorf(codeUnauthorized, "unauthorized"))
	for _, name := range []string{"AddUser", "RemoveUser", "EnableUser", "DisableUser", "SetPassword", "ResetPassword"} {
		methods["UserManager"][name] = method{0, unauthorized}
	}
	methods["UserManager"]["UserInfo"] = method{0, locked((*Server).jaasUserInfo)}
	methods["UserManager"]["ModelUserInfo"] = method{0, refused(errorf(codeNotImplemented, "not implemented"))}
	methods["Controller"]["ModifyControllerAccess"] = method{0, unauthorized}
	methods["Admin"] = map[string]method{
		"LoginWithClientCredentials": {0, locked((*Server).loginRobot)},
		"LoginWithSessionToken":      {0, locked((*Server).loginSessionToken)},
		"LoginWithSessionCookie":     {0, locked((*Server).loginSessionCookie)},
		"LoginDevice":                {0, locked((*Server).loginDevice)},
		"GetDeviceSessionToken":      {0, (*Server).deviceSessionToken},
	}
}

// robotLogin are the params of LoginWithClientCredentials.
type robotLogin struct {
	ID     string `json:"client-id"`
	Secret string `json:"client-secret"`
}

func (s *Server) loginRobot(c call, p robotLogin) (loginResult, error) {
	secret, ok := s.robots[p.ID]
	if !ok || secret != p.Secret {
		return loginResult{}, errorf(codeUnauthorized, "invalid client credentials")
	}
	return s.enterJAAS(c, userID{name: p.ID, domain: serviceAccounts})
}

// tokenLogin are the params of LoginWithSessionToken.
type tokenLogin struct {
	Token string `json:"session-token"`
}

func (s *Server) loginSessionToken(c call, p tokenLogin) (loginResult, error) {
	known, ok := s.sessions[p.Token]
	if !ok || !s.time().Before(known.expires) {
		return loginResult{}, errorf(codeSessionToken, "session token invalid")
	}
	return s.enterJAAS(c, known.user)
}

func (s *Server) loginSessionCookie(c call, _ none) (loginResult, error) {
	id, ok := s.cookies[c.conn.cookie]
	if !ok {
		return loginResult{}, errorf(codeUnauthorized, "missing cookie identity")
	}
	return s.enterJAAS(c, id)
}

func (s *Server) enterJAAS(c call, id userID) (loginResult, error) {
	if s.state == Maintenance {
		return loginResult{}, errorf("", "login failed - maintenance in progress")
	}
	c.session.user = id
	return s.enter(c)
}

// device is the answer of LoginDevice.
type device struct {
	UserCode string `json:"user-code"`
	URI      string `json:"verification-uri"`
}

func (s *Server) loginDevice(c call, _ none) (device, error) {
	s.deviceCount++
	code := fmt.Sprintf("CODE-%04d", s.deviceCount)
	c.session.device = code
	s.devices[code] = make(chan userID, 1)
	return device{UserCode: code, URI: "https://" + c.conn.host + "/device"}, nil
}

// deviceSessionToken waits until the device of the connection is confirmed.
func (s *Server) deviceSessionToken(c call) (json.RawMessage, error) {
	s.mu.Lock()
	code := c.session.device
	confirmed, ok := s.devices[code]
	s.mu.Unlock()
	if !ok {
		return nil, errorf("", "no device login in progress")
	}
	select {
	case id := <-confirmed:
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.devices, code)
		token := s.secret()
		s.sessions[token] = login{user: id, expires: s.time().Add(sessionTokenLife)}
		return mustEncode(map[string]string{"session-token": token}), nil
	case <-c.conn.ctx.Done():
		return nil, c.conn.ctx.Err()
	}
}

// jaasUserInfo answers for the caller alone.
func (s *Server) jaasUserInfo(c call, p userInfoParams) (userInfoResults, error) {
	var results userInfoResults
	for _, e := range p.Entities {
		id, err := parseUserTag(e.Tag)
		if err == nil && !isCaller(c, id) {
			err = permissionDenied()
		}
		if err != nil {
			results.Results = append(results.Results, userInfoResult{Error: wireError(err)})
			continue
		}
		info := &userInfo{Username: id.String(), DisplayName: s.displayName(id), Access: s.level(s.controller, id)}
		results.Results = append(results.Results, userInfoResult{Result: info})
	}
	return results, nil
}
