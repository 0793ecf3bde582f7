package juju

import (
	"net"
	"strconv"
)

// controllerChanges are the params of ModifyControllerAccess.
type controllerChanges struct {
	Changes []change `json:"changes"`
}

// modifyControllerAccess serves ModifyControllerAccess.
func (s *Server) modifyControllerAccess(c call, p controllerChanges) (errorResults, error) {
	return each(p.Changes, func(item change) error {
		if err := s.requireSuper(c); err != nil {
			return err
		}
		on := s.controller
		if s.release.major < 3 && item.Access == "add-model" {
			// On 2.9 that level is one on the controller's own cloud.
			return s.changeOwnCloud(item)
		}
		if err := s.validLevel(on.kind, item.Access); err != nil {
			return err
		}
		id, err := parseUserTag(item.UserTag)
		if err != nil {
			return annotate(err, "could not modify controller access")
		}
		return s.modify(on, id, item)
	}), nil
}

// changeOwnCloud changes access to the cloud that the controller runs on.
func (s *Server) changeOwnCloud(item change) error {
	id, err := parseUserTag(item.UserTag)
	if err != nil {
		return annotate(err, "could not modify controller access")
	}
	return s.modify(s.clouds[0].object, id, item)
}

// controllerAccessResults is the answer of GetControllerAccess.
type controllerAccessResults struct {
	Results []controllerAccessResult `json:"results"`
}

type controllerAccessResult struct {
	Result *controllerAccess `json:"result,omitempty"`
	Error  *apiError         `json:"error,omitempty"`
}

// controllerAccess is the level of one user.
type controllerAccess struct {
	UserTag string `json:"user-tag"`
	Access  string `json:"access"`
}

// getControllerAccess serves GetControllerAccess.
func (s *Server) getControllerAccess(c call, p entities) (controllerAccessResults, error) {
	results := controllerAccessResults{Results: make([]controllerAccessResult, len(p.Entities))}
	for i, e := range p.Entities {
		access, err := s.accessOf(c, e.Tag)
		results.Results[i] = controllerAccessResult{Result: access, Error: wireError(err)}
	}
	return results, nil
}

func (s *Server) accessOf(c call, tag string) (*controllerAccess, error) {
	id, err := parseUserTag(tag)
	if err != nil {
		return nil, err
	}
	if !s.super(c) && !isCaller(c, id) {
		return nil, denied(c, s.controller, "superuser")
	}
	if s.release.v4() {
		if level := s.level(s.controller, id); level != "" {
			return &controllerAccess{id.tag(), level}, nil
		}
		return nil, errorf("", "access not found for %q on %q", id, s.uuid)
	}
	if err := s.mayHaveAccess(id); err != nil {
		return nil, err
	}
	if level := s.controller.explicit(id); level != "" {
		return &controllerAccess{id.tag(), level}, nil
	}
	return nil, errorf(codeNotFound, "controller user %q not found", id)
}

// apiInfoResults is the answer of ControllerAPIInfoForModels.
type apiInfoResults struct {
	Results []apiInfoResult `json:"results"`
}

type apiInfoResult struct {
	Addresses []string  `json:"addresses,omitempty"`
	CACert    string    `json:"cacert,omitempty"`
	Error     *apiError `json:"error,omitempty"`
}

// apiInfoForModels serves ControllerAPIInfoForModels.
func (s *Server) apiInfoForModels(_ call, p entities) (apiInfoResults, error) {
	results := apiInfoResults{Results: make([]apiInfoResult, len(p.Entities))}
	for i, e := range p.Entities {
		uuid, err := parseModelTag(e.Tag)
		if err == nil && s.findModel(uuid) == nil {
			err = errorf(codeNotFound, "model %q not found", uuid)
		}
		if err != nil {
			results.Results[i].Error = wireError(err)
			continue
		}
		results.Results[i] = apiInfoResult{Addresses: s.addresses(), CACert: s.caCert}
	}
	return results, nil
}

// addresses returns the addresses of the controller that others can reach.
func (s *Server) addresses() []string {
	reachable := []string{}
	for _, machine := range s.servers {
		for _, address := range machine {
			if address.Scope != "local-machine" {
				reachable = append(reachable, net.JoinHostPort(address.Value, strconv.Itoa(address.Port)))
			}
		}
	}
	return reachable
}

// urlResult is the answer of IdentityProviderURL.
type urlResult struct {
	Result string `json:"result"`
}

// identityProviderURL serves IdentityProviderURL.
func (s *Server) identityProviderURL(call, none) (urlResult, error) {
	return urlResult{Result: s.identityURL}, nil
}
