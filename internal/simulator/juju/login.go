package juju

import (
	"encoding/json"
	"time"
)

// Redirect says where a model is that has gone to another controller.
type Redirect struct {
	// Servers are the addresses of the other controller.
	Servers [][]HostPort `json:"servers"`
	// CACert is its certificate, as PEM.
	CACert string `json:"ca-cert"`
	// ControllerTag is its tag, or empty.
	ControllerTag string `json:"controller-tag,omitempty"`
	// ControllerAlias is its name, or empty.
	ControllerAlias string `json:"controller-alias,omitempty"`
}

// migration is a model that has gone, with those who are told where.
type migration struct {
	redirect Redirect
	silent   bool // says nothing in the error but answers RedirectInfo
	users    map[string]bool
}

// SeedMigrated makes a model one that has gone to another controller. The given
// users are told where it is; to others it does not exist. A silent server does
// so in the answer to RedirectInfo and not in the error.
func (s *Server) SeedMigrated(uuid string, redirect Redirect, silent bool, users ...string) {
	m := migration{redirect: redirect, silent: silent, users: map[string]bool{}}
	for _, name := range users {
		m.users[mustUserID(name).key()] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.migrated[uuid] = m
}

// loginParams are the params of Login, as far as they matter.
type loginParams struct {
	AuthTag       string              `json:"auth-tag"`
	Credentials   string              `json:"credentials"`
	Macaroons     [][]json.RawMessage `json:"macaroons"`
	Token         string              `json:"token"`
	ClientVersion string              `json:"client-version"`
}

// loginResult is the answer to a login, or the demand for a discharge.
type loginResult struct {
	Discharge       json.RawMessage  `json:"discharge-required,omitempty"`
	BakeryDischarge json.RawMessage  `json:"bakery-discharge-required,omitempty"`
	DischargeReason string           `json:"discharge-required-error,omitempty"`
	Servers         [][]HostPort     `json:"servers,omitempty"`
	PublicDNSName   string           `json:"public-dns-name,omitempty"`
	ModelTag        string           `json:"model-tag,omitempty"`
	ControllerTag   string           `json:"controller-tag,omitempty"`
	UserInfo        *loginUser       `json:"user-info,omitempty"`
	Facades         []facadeVersions `json:"facades,omitempty"`
	ServerVersion   string           `json:"server-version,omitempty"`
}

// loginUser is what a login says of its user.
type loginUser struct {
	DisplayName      string     `json:"display-name"`
	Identity         string     `json:"identity"`
	LastConnection   *time.Time `json:"last-connection,omitempty"`
	ControllerAccess string     `json:"controller-access"`
	ModelAccess      string     `json:"model-access"`
}

// login serves Admin.Login of version 3.
func (s *Server) login(c call, p loginParams) (loginResult, error) {
	c.session.clientMajor = 2 // clients that old do not say
	if p.ClientVersion != "" {
		c.session.clientMajor = parseRelease(p.ClientVersion).major
	}
	switch {
	case c.session.counted:
		return loginResult{}, errorf("", "already logged in")
	case s.state == Maintenance:
		return loginResult{}, errorf("", "login failed - maintenance in progress")
	case p.Token != "":
		return s.loginToken(c, p.Token)
	}
	var id userID
	if p.AuthTag != "" {
		var err error
		if id, err = parseUserTag(p.AuthTag); err != nil {
			return loginResult{}, err
		}
	}
	if err := s.findLoginModel(c, id); err != nil {
		return loginResult{}, err
	}
	if p.Credentials == "" {
		who, demand, err := s.believeMacaroons(c, id, p.Macaroons)
		if err != nil || demand != nil {
			return loginResult{Discharge: demand, BakeryDischarge: bakery(demand), DischargeReason: reason(demand)}, err
		}
		id = who
	} else if !s.passwordMatches(id, p.Credentials) {
		return loginResult{}, badCredentials()
	}
	c.session.user = id
	return s.enter(c)
}

// findLoginModel checks that the model of the connection's path is here.
func (s *Server) findLoginModel(c call, id userID) error {
	if c.conn.model == "" || s.findModel(c.conn.model) != nil {
		return nil
	}
	gone, migrated := s.migrated[c.conn.model]
	switch {
	case migrated && gone.users[id.key()]:
		c.session.redirect = &gone.redirect
		err := &apiError{Message: "redirection to alternative server required", Code: codeRedirect}
		if !gone.silent {
			err.Info = mustEncode(gone.redirect)
		}
		return err
	case s.release.v4():
		return badCredentials()
	}
	return errorf(codeModelNotFound, "unknown model: %q", c.conn.model)
}

// redirectInfo serves Admin.RedirectInfo.
func (s *Server) redirectInfo(c call, _ none) (Redirect, error) {
	if c.session.redirect == nil {
		return Redirect{}, errorf("", "not redirected")
	}
	return Redirect{Servers: c.session.redirect.Servers, CACert: c.session.redirect.CACert}, nil
}

// passwordMatches reports whether a local user may log in with a password.
func (s *Server) passwordMatches(id userID, password string) bool {
	u, err := s.localUser(id)
	return err == nil && !u.disabled && u.password != "" && u.password == password
}

// enter lets the user of the session in, if they have access to what they
// connected to. The connection counts as logged in even if they have not.
func (s *Server) enter(c call) (loginResult, error) {
	c.session.counted = true
	id := c.session.user
	info := loginUser{DisplayName: s.displayName(id), Identity: id.tag(), ControllerAccess: s.level(s.controller, id)}
	if c.session.claims.access != nil {
		info.ControllerAccess = c.session.claims.access[s.controller.tag()]
	}
	if s.jaas && info.ControllerAccess == "" {
		info.ControllerAccess = "login"
	}
	result := loginResult{
		PublicDNSName: s.dnsName,
		ControllerTag: s.controller.tag(),
		UserInfo:      &info,
		Facades:       s.facades.list(),
		ServerVersion: s.release.text,
	}
	if !s.jaas {
		result.Servers = s.servers
	}
	if m := s.findModel(c.conn.model); m != nil {
		info.ModelAccess = s.level(m.object, id)
		if info.ModelAccess == "" && s.super(c) {
			info.ModelAccess = "admin"
		}
		if info.ModelAccess == "" {
			return loginResult{}, permissionDenied()
		}
		result.ModelTag = m.tag()
		m.connections[id.key()] = s.time()
	} else if info.ControllerAccess == "" {
		return loginResult{}, permissionDenied()
	}
	if u := s.users[id.key()]; u != nil {
		if !s.release.v4() {
			info.LastConnection = u.lastConnection
		}
		now := s.time()
		u.lastConnection = &now
	}
	c.session.open = true
	return result, nil
}
