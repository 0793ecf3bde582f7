package juju

// modelInfoResults is the answer of ModelInfo.
type modelInfoResults struct {
	Results []modelInfoResult `json:"results"`
}

type modelInfoResult struct {
	Result *modelInfo `json:"result,omitempty"`
	Error  *apiError  `json:"error,omitempty"`
}

// modelInfo is what is told of one model.
type modelInfo struct {
	modelDetails

	Users          []modelUser `json:"users"`
	Machines       []none      `json:"machines"`
	SecretBackends []none      `json:"secret-backends"`
}

// modelInfo serves ModelInfo.
func (s *Server) modelInfo(c call, p entities) (modelInfoResults, error) {
	results := modelInfoResults{Results: make([]modelInfoResult, len(p.Entities))}
	for i, e := range p.Entities {
		info, err := s.oneModelInfo(c, e.Tag)
		results.Results[i] = modelInfoResult{Result: info, Error: wireError(err)}
	}
	return results, nil
}

// oneModelInfo tells of one model. An unknown model is not told from one that
// the caller may not see.
func (s *Server) oneModelInfo(c call, tag string) (*modelInfo, error) {
	uuid, err := parseModelTag(tag)
	if err != nil {
		return nil, err
	}
	m := s.findModel(uuid)
	if m == nil {
		return nil, permissionDenied()
	}
	if !s.superOr(c, m.object, "read") {
		return nil, denied(c, m.object, "read")
	}
	return s.info(c, m), nil
}

func (s *Server) info(c call, m *model) *modelInfo {
	return &modelInfo{
		modelDetails:   s.details(c, m),
		Users:          s.members(c, m),
		Machines:       []none{},
		SecretBackends: []none{},
	}
}

// newModelParams are the params of CreateModel, as far as they matter.
type newModelParams struct {
	Name      string `json:"name"`
	OwnerTag  string `json:"owner-tag"`
	Qualifier string `json:"qualifier"`
	CloudTag  string `json:"cloud-tag"`
}

// createModel serves CreateModel. The owner becomes an admin of the model.
func (s *Server) createModel(c call, p newModelParams) (*modelInfo, error) {
	on := s.clouds[0]
	cloudName := on.name
	if p.CloudTag != "" {
		var err error
		if cloudName, err = parseCloudTag(p.CloudTag); err != nil {
			return nil, err
		}
		on = s.findCloud(cloudName)
	}
	if !s.super(c) && (on == nil || !s.has(c, on.object, "add-model")) {
		return nil, denied(c, newObject(cloudKind, cloudName, ""), "add-model")
	}
	owner, err := s.modelOwner(c, p)
	if err != nil {
		return nil, err
	}
	if !s.super(c) && !isCaller(c, owner) {
		return nil, annotate(permissionDenied(), "%q permission does not permit creation of models for different owners", "add-model")
	}
	switch {
	case on == nil:
		return nil, errorf(codeNotFound, "cloud %q not found, expected one of %q", cloudName, s.cloudNames())
	case !validModelName.MatchString(p.Name):
		return nil, errorf("", "failed to create config: %q is not a valid name: model names may only contain lowercase letters, digits and hyphens", p.Name)
	}
	if owner.local() {
		if _, err := s.localUser(owner); err != nil {
			return nil, annotate(err, "failed to create new model: cannot create model")
		}
	}
	if s.modelOf(owner, p.Name) != nil {
		return nil, errorf(codeAlreadyExists, "failed to create new model: model %q for %s already exists", p.Name, owner)
	}
	m := s.addModel(s.newUUID(), p.Name, on.name, owner)
	m.set(owner, "admin")
	return s.info(c, m), nil
}

// modelOwner returns who will own a new model.
func (s *Server) modelOwner(c call, p newModelParams) (userID, error) {
	if p.OwnerTag != "" || !qualified(c) {
		return parseUserTag(p.OwnerTag)
	}
	if id, ok := parseUserID(p.Qualifier); ok {
		return id, nil
	}
	return c.session.user, nil
}

// modelOf returns the model of the given owner and name, nil if there is none.
func (s *Server) modelOf(owner userID, name string) *model {
	for _, m := range s.models {
		if m.name == name && m.owner.key() == owner.key() {
			return m
		}
	}
	return nil
}

// destroyParams are the params of DestroyModels, as far as they matter.
type destroyParams struct {
	Models []destroyModel `json:"models"`
}

type destroyModel struct {
	ModelTag string `json:"model-tag"`
}

// destroyModels serves DestroyModels. The models stay, dying, until
// [Server.FinishDestroying].
func (s *Server) destroyModels(c call, p destroyParams) (errorResults, error) {
	return each(p.Models, func(item destroyModel) error {
		uuid, err := parseModelTag(item.ModelTag)
		if err != nil {
			return err
		}
		m := s.findModel(uuid)
		switch {
		case m == nil:
			return errorf(codeNotFound, "model %q not found", uuid)
		case !s.superOr(c, m.object, "admin"):
			return denied(c, m.object, "admin")
		case m.controller && len(s.models) > 1:
			return errorf(codeHostedModels, "hosting %d other models", len(s.models)-1)
		}
		m.life = "dying"
		return nil
	}), nil
}
