package juju

import (
	"slices"
	"strings"
	"time"
)

// userInfoParams are the params of UserInfo.
type userInfoParams struct {
	Entities        []entity `json:"entities"`
	IncludeDisabled bool     `json:"include-disabled"`
}

// userInfoResults is the answer of UserInfo.
type userInfoResults struct {
	Results []userInfoResult `json:"results"`
}

type userInfoResult struct {
	Result *userInfo `json:"result,omitempty"`
	Error  *apiError `json:"error,omitempty"`
}

// userInfo is what is told of a user.
type userInfo struct {
	Username       string     `json:"username"`
	DisplayName    string     `json:"display-name"`
	Access         string     `json:"access"`
	CreatedBy      string     `json:"created-by"`
	DateCreated    time.Time  `json:"date-created"`
	LastConnection *time.Time `json:"last-connection,omitempty"`
	Disabled       bool       `json:"disabled"`
}

// userInfo serves UserInfo.
func (s *Server) userInfo(c call, p userInfoParams) (userInfoResults, error) {
	if len(p.Entities) == 0 {
		return s.allUserInfo(c, p.IncludeDisabled), nil
	}
	var results userInfoResults
	for _, e := range p.Entities {
		info, err := s.oneUserInfo(c, e.Tag)
		results.Results = append(results.Results, userInfoResult{Result: info, Error: wireError(err)})
	}
	return results, nil
}

// allUserInfo lists the users that the caller may see: all of them, or
// themselves. On 4.x that includes external users, in the order in which they
// became known; the others list local users by name.
func (s *Server) allUserInfo(c call, includeDisabled bool) userInfoResults {
	super := s.super(c)
	users := slices.DeleteFunc(slices.Clone(s.order), func(u *user) bool {
		return u.removed ||
			u.disabled && !includeDisabled ||
			!super && !isCaller(c, u.id) ||
			!s.release.v4() && !u.id.local()
	})
	if !s.release.v4() {
		slices.SortFunc(users, func(a, b *user) int { return strings.Compare(a.id.name, b.id.name) })
	}
	var results userInfoResults
	for _, u := range users {
		results.Results = append(results.Results, userInfoResult{Result: s.describe(u)})
	}
	return results
}

// oneUserInfo tells of one user.
func (s *Server) oneUserInfo(c call, tag string) (*userInfo, error) {
	id, err := parseUserTag(tag)
	if err != nil {
		return nil, err
	}
	if !s.super(c) && !isCaller(c, id) {
		return nil, denied(c, s.controller, "superuser")
	}
	if s.release.v4() {
		u := s.knownUser(id)
		if u == nil {
			return nil, errorf(codeUserNotFound, "user %q not found", id)
		}
		return s.describe(u), nil
	}
	if !id.local() {
		return &userInfo{Username: id.String(), Access: s.level(s.controller, id)}, nil
	}
	u, err := s.localUser(id)
	if err != nil {
		return nil, permissionDenied()
	}
	return s.describe(u), nil
}

// describe tells what is known of a user.
func (s *Server) describe(u *user) *userInfo {
	return &userInfo{
		Username:       u.id.String(),
		DisplayName:    u.displayName,
		Access:         s.level(s.controller, u.id),
		CreatedBy:      u.createdBy,
		DateCreated:    u.created,
		LastConnection: u.lastConnection,
		Disabled:       u.disabled,
	}
}

// modelUserInfo serves ModelUserInfo, one list for all models.
func (s *Server) modelUserInfo(c call, p entities) (modelUserResults, error) {
	var results modelUserResults
	for _, e := range p.Entities {
		uuid, err := parseModelTag(e.Tag)
		if err != nil {
			return modelUserResults{}, err
		}
		m := s.findModel(uuid)
		if m == nil {
			return modelUserResults{}, errorf(codeNotFound, "model %q not found", uuid)
		}
		if !s.superOr(c, m.object, "read") {
			return modelUserResults{}, denied(c, m.object, "read")
		}
		for _, member := range s.members(c, m) {
			member.ModelTag = m.tag()
			results.Results = append(results.Results, modelUserResult{Result: member})
		}
	}
	return results, nil
}

// modelUserResults is the answer of ModelUserInfo.
type modelUserResults struct {
	Results []modelUserResult `json:"results"`
}

type modelUserResult struct {
	Result modelUser `json:"result"`
}

// modelUser is a member of a model.
type modelUser struct {
	ModelTag       string     `json:"model-tag"`
	User           string     `json:"user"`
	DisplayName    string     `json:"display-name"`
	LastConnection *time.Time `json:"last-connection"`
	Access         string     `json:"access"`
}

// members returns the members of a model that the caller may see: all of them
// for its admins, and themselves.
func (s *Server) members(c call, m *model) []modelUser {
	all := s.superOr(c, m.object, "admin")
	members := []modelUser{}
	for _, g := range m.sorted() {
		if !all && !isCaller(c, g.user) {
			continue
		}
		member := modelUser{User: g.user.String(), DisplayName: s.displayName(g.user), Access: g.level}
		if at, ok := m.connections[g.user.key()]; ok {
			member.LastConnection = &at
		}
		members = append(members, member)
	}
	return members
}
