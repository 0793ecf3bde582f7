package juju

import "slices"

// cloudChanges are the params of ModifyCloudAccess.
type cloudChanges struct {
	Changes []cloudChange `json:"changes"`
}

type cloudChange struct {
	change

	CloudTag string `json:"cloud-tag"`
}

// modifyCloudAccess serves ModifyCloudAccess.
func (s *Server) modifyCloudAccess(c call, p cloudChanges) (errorResults, error) {
	return each(p.Changes, func(item cloudChange) error {
		on, err := s.cloudOfTag(item.CloudTag)
		switch {
		case err != nil:
			return err
		case item.UserTag == c.session.user.tag():
			return errorf("", "cannot change your own cloud access")
		case !s.superOr(c, on.object, "admin"):
			return denied(c, on.object, "admin")
		}
		if err := s.validLevel(cloudKind, item.Access); err != nil {
			return err
		}
		id, err := parseUserTag(item.UserTag)
		if err != nil {
			return annotate(err, "could not modify cloud access")
		}
		return s.modify(on.object, id, item.change)
	}), nil
}

func (s *Server) cloudOfTag(tag string) (*cloud, error) {
	name, err := parseCloudTag(tag)
	if err != nil {
		return nil, err
	}
	found := s.findCloud(name)
	if found == nil {
		return nil, errorf(codeNotFound, "cloud %q not found", name)
	}
	return found, nil
}

// cloudNames returns the names of all clouds in order.
func (s *Server) cloudNames() []string {
	names := []string{}
	for _, c := range s.clouds {
		names = append(names, c.name)
	}
	slices.Sort(names)
	return names
}

// cloudInfoResults is the answer of CloudInfo.
type cloudInfoResults struct {
	Results []cloudInfoResult `json:"results"`
}

type cloudInfoResult struct {
	Result *cloudInfo `json:"result,omitempty"`
	Error  *apiError  `json:"error,omitempty"`
}

// cloudInfo is what is told of a cloud.
type cloudInfo struct {
	Type      string        `json:"type"`
	AuthTypes []string      `json:"auth-types"`
	Regions   []cloudRegion `json:"regions"`
	Users     []objectUser  `json:"users"`
}

type cloudRegion struct {
	Name string `json:"name"`
}

// cloudInfo serves CloudInfo.
func (s *Server) cloudInfo(c call, p entities) (cloudInfoResults, error) {
	results := cloudInfoResults{Results: make([]cloudInfoResult, len(p.Entities))}
	for i, e := range p.Entities {
		info, err := s.oneCloudInfo(c, e.Tag)
		results.Results[i] = cloudInfoResult{Result: info, Error: wireError(err)}
	}
	return results, nil
}

func (s *Server) oneCloudInfo(c call, tag string) (*cloudInfo, error) {
	on, err := s.cloudOfTag(tag)
	if err != nil {
		return nil, err
	}
	if !s.superOr(c, on.object, "add-model") {
		return nil, denied(c, on.object, "add-model")
	}
	all := s.superOr(c, on.object, "admin")
	return &cloudInfo{
		Type:      "lxd",
		AuthTypes: []string{"certificate"},
		Regions:   []cloudRegion{{Name: "localhost"}},
		Users:     s.usersOf(on.object, func(id userID) bool { return all || isCaller(c, id) }),
	}, nil
}
