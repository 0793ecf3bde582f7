package juju

import (
	"encoding/json"
	"slices"
)

// call is one request on its way to the method that serves it.
type call struct {
	request

	conn    *connection
	session *session
}

// handler serves a method. It is called with the server unlocked.
type handler func(s *Server, c call) (json.RawMessage, error)

// method is a method of a facade, which may be younger than the facade.
type method struct {
	since int
	serve handler
}

// none is the params or the result of a method that has none.
type none struct{}

// locked makes a handler of a function that runs with the server locked.
func locked[P, R any](serve func(s *Server, c call, params P) (R, error)) handler {
	return func(s *Server, c call) (json.RawMessage, error) {
		var params P
		if len(c.Params) > 0 {
			if err := json.Unmarshal(c.Params, &params); err != nil {
				return nil, err
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		result, err := serve(s, c, params)
		if err != nil {
			return nil, err
		}
		return mustEncode(result), nil
	}
}

// refused makes a handler that always fails.
func refused(err error) handler {
	return func(*Server, call) (json.RawMessage, error) { return nil, err }
}

// answer runs a request and returns the message that answers it.
func (s *Server) answer(c *connection, r request) []byte {
	serve, err := s.find(c, r)
	if err != nil {
		return encodeAnswer(r, nil, err)
	}
	result, err := serve(s, call{request: r, conn: c, session: &c.session})
	return encodeAnswer(r, result, err)
}

// find returns the method that a request asks for, or says why there is none.
func (s *Server) find(c *connection, r request) (handler, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.session.open {
		return s.findBeforeLogin(r)
	}
	versions, known := s.facades[r.Facade]
	if r.Facade == "Admin" || !known && !slices.Contains(modelFacades, r.Facade) {
		return nil, unknownFacade(r)
	}
	if !usable(r.Facade, c.model != "") {
		object := "controller"
		if c.model != "" {
			object = "model"
		}
		return nil, errorf(codeNotSupported, "facade %q not supported for %s API connection", r.Facade, object)
	}
	if err := s.compatible(&c.session, r); err != nil {
		return nil, err
	}
	if s.state == Upgrading && r.Facade != "Pinger" {
		return nil, errorf(codeUpgrading, "upgrade in progress")
	}
	if known && !slices.Contains(versions, r.Version) {
		return nil, unknownVersion(r)
	}
	return s.findMethod(r)
}

// findBeforeLogin finds the logins, which are all that there is before one.
func (s *Server) findBeforeLogin(r request) (handler, error) {
	switch {
	case r.Facade != "Admin" && r.Version == 0:
		return nil, unknownFacade(r)
	case r.Facade != "Admin":
		return nil, unknownVersion(r)
	case s.jaas && r.Method == "Login":
		return nil, errorf(codeNotSupported, "JIMM does not support login from old clients")
	case r.Version < 3:
		return nil, errorf(codeNotSupported, "this version of Juju does not support login from old clients")
	case s.jaas && r.Version != 4 || !s.jaas && r.Version != 3:
		return nil, unknownVersion(r)
	}
	return s.findMethod(r)
}

// findMethod finds a method of a facade whose version is known.
func (s *Server) findMethod(r request) (handler, error) {
	found, ok := s.methods[r.Facade][r.Method]
	if !ok || r.Version < found.since {
		return nil, errorf(codeNotImplemented, "no such request - method %s(%d).%s is not implemented", r.Facade, r.Version, r.Method)
	}
	if r.Object != "" {
		return nil, errorf(codeNotFound, "id not found")
	}
	return found.serve, nil
}

func unknownFacade(r request) error {
	return errorf(codeNotImplemented, "unknown object type %q", r.Facade)
}

func unknownVersion(r request) error {
	return errorf(codeNotImplemented, "unknown version (%d) of interface %q", r.Version, r.Facade)
}

// olderClients may call these methods whatever their version is.
var olderClients = []string{
	"Pinger.Ping", "UserManager.UserInfo", "ModelManager.ListModels", "ModelManager.ModelInfo",
	"Controller.IdentityProviderURL",
}

// compatible refuses clients of another major version, which 4.x does not.
func (s *Server) compatible(session *session, r request) error {
	apart := session.clientMajor - s.release.major
	if s.jaas || s.release.v4() || apart == 0 {
		return nil
	}
	if apart >= -1 && apart <= 1 && slices.Contains(olderClients, r.Facade+"."+r.Method) {
		return nil
	}
	return &apiError{
		Message: "client incompatible with server " + s.release.text,
		Code:    codeIncompatibleClient,
		Info:    mustEncode(map[string]string{"server-version": s.release.text}),
	}
}

// newMethods returns the methods of all facades.
func newMethods(jaas bool) map[string]map[string]method {
	methods := map[string]map[string]method{
		"Pinger": {"Ping": {0, locked(func(*Server, call, none) (none, error) { return none{}, nil })}},
		"Admin": {
			"Login":        {0, locked((*Server).login)},
			"RedirectInfo": {0, locked((*Server).redirectInfo)},
		},
		"UserManager": {
			"AddUser":       {0, locked((*Server).addUsers)},
			"RemoveUser":    {0, locked((*Server).removeUsers)},
			"EnableUser":    {0, locked((*Server).enableUsers)},
			"DisableUser":   {0, locked((*Server).disableUsers)},
			"SetPassword":   {0, locked((*Server).setPasswords)},
			"ResetPassword": {2, locked((*Server).resetPasswords)},
			"UserInfo":      {0, locked((*Server).userInfo)},
			"ModelUserInfo": {3, locked((*Server).modelUserInfo)},
		},
		"Controller": {
			"ModifyControllerAccess":     {0, locked((*Server).modifyControllerAccess)},
			"GetControllerAccess":        {0, locked((*Server).getControllerAccess)},
			"ControllerAPIInfoForModels": {0, locked((*Server).apiInfoForModels)},
			"IdentityProviderURL":        {0, locked((*Server).identityProviderURL)},
		},
		"ModelManager": {
			"ModifyModelAccess":  {0, locked((*Server).modifyModelAccess)},
			"ListModels":         {0, locked((*Server).listModels)},
			"ListModelSummaries": {0, locked((*Server).listModelSummaries)},
			"ModelInfo":          {0, locked((*Server).modelInfo)},
			"CreateModel":        {0, locked((*Server).createModel)},
			"DestroyModels":      {0, locked((*Server).destroyModels)},
		},
		"ApplicationOffers": {
			"ModifyOfferAccess":     {0, locked((*Server).modifyOfferAccess)},
			"ListApplicationOffers": {0, locked((*Server).listOffers)},
			"ApplicationOffers":     {0, locked((*Server).showOffers)},
		},
		"Cloud": {
			"ModifyCloudAccess": {0, locked((*Server).modifyCloudAccess)},
			"CloudInfo":         {0, locked((*Server).cloudInfo)},
		},
	}
	if jaas {
		jaasMethods(methods)
	}
	return methods
}
