package juju

import "time"

// modelChanges are the params of ModifyModelAccess.
type modelChanges struct {
	Changes []modelChange `json:"changes"`
}

type modelChange struct {
	change

	ModelTag string `json:"model-tag"`
}

// modifyModelAccess serves ModifyModelAccess.
func (s *Server) modifyModelAccess(c call, p modelChanges) (errorResults, error) {
	return each(p.Changes, func(item modelChange) error {
		const failed = "could not modify model access"
		if err := s.validLevel(modelKind, item.Access); err != nil {
			return annotate(err, failed)
		}
		uuid, err := parseModelTag(item.ModelTag)
		if err != nil {
			return annotate(err, failed)
		}
		id, tagErr := parseUserTag(item.UserTag)
		m := s.findModel(uuid)
		on := newObject(modelKind, uuid, "") // nobody has access to a model that is not there
		if m != nil {
			on = m.object
		}
		leaving := s.jaas && item.Action == "revoke" && tagErr == nil && isCaller(c, id)
		if !leaving && !s.superOr(c, on, "admin") {
			return denied(c, on, "admin")
		}
		if tagErr != nil {
			return annotate(tagErr, failed)
		}
		if m == nil {
			return errorf(codeNotFound, "could not lookup model: model %q not found", uuid)
		}
		return s.modify(on, id, item.change)
	}), nil
}

// userModels is the answer of ListModels.
type userModels struct {
	Models []userModel `json:"user-models"`
}

type userModel struct {
	Model          modelName  `json:"model"`
	LastConnection *time.Time `json:"last-connection"`
}

// modelName identifies a model. Newer facades have a qualifier in place of the
// owner.
type modelName struct {
	Name      string `json:"name"`
	UUID      string `json:"uuid"`
	Type      string `json:"type"`
	OwnerTag  string `json:"owner-tag,omitempty"`
	Qualifier string `json:"qualifier,omitempty"`
}

// qualified says whether the version of ModelManager knows qualifiers.
func qualified(c call) bool { return c.Version >= 11 }

func (m *model) named(c call) modelName {
	named := modelName{Name: m.name, UUID: m.uuid, Type: "iaas"}
	if qualified(c) {
		named.Qualifier = m.owner.name
	} else {
		named.OwnerTag = m.owner.tag()
	}
	return named
}

// lastConnection returns when a user last connected to the model, nil for never.
func (m *model) lastConnection(id userID) *time.Time {
	if at, ok := m.connections[id.key()]; ok {
		return &at
	}
	return nil
}

// listModels serves ListModels. A superuser has all models here.
func (s *Server) listModels(c call, p entity) (userModels, error) {
	id, err := s.listedUser(c, p.Tag)
	if err != nil {
		return userModels{}, err
	}
	all, err := s.superuser(id)
	if err != nil {
		return userModels{}, err
	}
	var list userModels
	for _, m := range s.models {
		if all || m.explicit(id) != "" {
			list.Models = append(list.Models, userModel{Model: m.named(c), LastConnection: m.lastConnection(id)})
		}
	}
	return list, nil
}

// listedUser returns the user whose models the caller asks for.
func (s *Server) listedUser(c call, tag string) (userID, error) {
	id, err := parseUserTag(tag)
	if err == nil && !s.super(c) && !isCaller(c, id) {
		err = denied(c, s.controller, "superuser")
	}
	return id, err
}

// superuser reports whether a user administers the controller. Up to 3.x users
// without any level on it are an error.
func (s *Server) superuser(id userID) (bool, error) {
	if !s.release.v4() && !s.jaas {
		if err := s.mayHaveAccess(id); err != nil {
			return false, err
		}
		if s.controller.explicit(id) == "" {
			return false, errorf(codeNotFound, "controller user %q not found", id)
		}
	}
	return s.controller.explicit(id) == "superuser", nil
}

// summariesParams are the params of ListModelSummaries.
type summariesParams struct {
	UserTag string `json:"user-tag"`
	All     bool   `json:"all"`
}

// summaries is the answer of ListModelSummaries.
type summaries struct {
	Results []summaryResult `json:"results"`
}

type summaryResult struct {
	Result summary `json:"result"`
}

// summary is what is told of a model in a list.
type summary struct {
	modelDetails

	Credential     string      `json:"cloud-credential-tag"`
	UserAccess     string      `json:"user-access"`
	LastConnection *time.Time  `json:"last-connection"`
	Counts         []modelSize `json:"counts"`
}

// modelSize is how many of something a model has. The simulated ones are empty.
type modelSize struct {
	Entity string `json:"entity"`
	Count  int    `json:"count"`
}

// listModelSummaries serves ListModelSummaries: the models on which the user
// has a level, or all models if that is asked for a superuser.
func (s *Server) listModelSummaries(c call, p summariesParams) (summaries, error) {
	id, err := s.listedUser(c, p.UserTag)
	if err != nil {
		return summaries{}, err
	}
	all := false
	if p.All {
		if all, err = s.superuser(id); err != nil {
			return summaries{}, err
		}
	}
	var list summaries
	for _, m := range s.models {
		if !all && m.explicit(id) == "" {
			continue
		}
		list.Results = append(list.Results, summaryResult{Result: summary{
			modelDetails:   s.details(c, m),
			Credential:     "cloudcred-" + m.cloud + "_" + m.owner.String() + "_" + m.cloud,
			UserAccess:     m.explicit(id),
			LastConnection: m.lastConnection(id),
			Counts:         []modelSize{{"machines", 0}, {"cores", 0}, {"units", 0}},
		}})
	}
	return list, nil
}

// modelDetails is what summaries and ModelInfo have in common.
type modelDetails struct {
	modelName

	ControllerUUID string      `json:"controller-uuid"`
	IsController   bool        `json:"is-controller"`
	ProviderType   string      `json:"provider-type"`
	CloudTag       string      `json:"cloud-tag"`
	CloudRegion    string      `json:"cloud-region"`
	Life           string      `json:"life"`
	Status         modelStatus `json:"status"`
	SLA            *none       `json:"sla"`
	AgentVersion   string      `json:"agent-version"`
}

// modelStatus is the condition of a model.
type modelStatus struct {
	Status string    `json:"status"`
	Info   string    `json:"info"`
	Since  time.Time `json:"since"`
}

func (s *Server) details(c call, m *model) modelDetails {
	status := "available"
	if m.life != "alive" {
		status = "destroying"
	}
	return modelDetails{
		modelName:      m.named(c),
		ControllerUUID: s.uuid,
		IsController:   m.controller,
		ProviderType:   "lxd",
		CloudTag:       "cloud-" + m.cloud,
		CloudRegion:    "localhost",
		Life:           m.life,
		Status:         modelStatus{Status: status, Since: m.created},
		AgentVersion:   s.release.text,
	}
}
