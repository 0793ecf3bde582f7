package cognite

import (
	"maps"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Capability is a right of a principal.
type Capability struct {
	// ACL is the name of the list of rights, such as "postgresGatewayAcl".
	ACL string
	// Actions are the rights, such as "READ".
	Actions []string
	// Usernames limits the capability to these gateway users; nil is all.
	Usernames []string
	// CurrentUser limits the capability to the principal's own groups.
	CurrentUser bool
	// Projects are the projects in which the capability counts; nil is all.
	Projects []string
}

// Principal is who a token stands for.
type Principal struct {
	// Subject is the identifier of the principal.
	Subject string
	// Projects holds the projects to which the principal has access, and the IDs
	// of its groups in each. Groups that name the principal as a member count
	// besides.
	Projects map[string][]int64
	// Capabilities are what the principal may do.
	Capabilities []Capability
}

// Admin returns a principal with all capabilities in the given projects.
func Admin(subject string, projects ...string) Principal {
	admin := Principal{Subject: subject, Projects: map[string][]int64{}}
	for _, project := range projects {
		admin.Projects[project] = nil
	}
	for _, c := range []Capability{
		{ACL: gatewayACL, Actions: []string{actionRead, actionWrite}},
		{ACL: sessionsACL, Actions: []string{actionList, actionCreate, actionDelete}},
		{ACL: groupsACL, Actions: []string{actionList, actionRead, actionCreate, "UPDATE", actionDelete}},
	} {
		c.Projects = projects
		admin.Capabilities = append(admin.Capabilities, c)
	}
	return admin
}

// clone returns a copy that shares nothing with p.
func (p Principal) clone() *Principal {
	projects := map[string][]int64{}
	for name, groups := range p.Projects {
		projects[name] = slices.Clone(groups)
	}
	capabilities := slices.Clone(p.Capabilities)
	for i := range capabilities {
		c := &capabilities[i]
		c.Actions, c.Usernames, c.Projects = slices.Clone(c.Actions), slices.Clone(c.Usernames), slices.Clone(c.Projects)
	}
	return &Principal{Subject: p.Subject, Projects: projects, Capabilities: capabilities}
}

// The names of capabilities that the server asks for, and of their actions.
const (
	gatewayACL  = "postgresGatewayAcl"
	sessionsACL = "sessionsAcl"
	groupsACL   = "groupsAcl"

	actionRead   = "READ"
	actionWrite  = "WRITE"
	actionList   = "LIST"
	actionCreate = "CREATE"
	actionDelete = "DELETE"
)

// grants returns the principal's capabilities of that name and action in the
// call's project.
func (c *call) grants(acl, action string) []Capability {
	var granted []Capability
	for _, held := range c.principal.Capabilities {
		here := held.Projects == nil || slices.Contains(held.Projects, c.project.name)
		if held.ACL == acl && slices.Contains(held.Actions, action) && here {
			granted = append(granted, held)
		}
	}
	return granted
}

// forbidden is the error about a capability that the principal lacks.
func forbidden(acl, action string) *apiError {
	return errorf(http.StatusForbidden, "User does not have required capability %s:%s", acl, action)
}

// reaches reports whether the principal may do the action to a gateway user.
// The empty name stands for all users.
func (c *call) reaches(action, username string) bool {
	return slices.ContainsFunc(c.grants(gatewayACL, action), func(held Capability) bool {
		return held.Usernames == nil || slices.Contains(held.Usernames, username)
	})
}

// checkReach refuses an action to a gateway user who is out of scope.
func (c *call) checkReach(action, username string) error {
	if !c.reaches(action, username) {
		return forbidden(gatewayACL, action)
	}
	return nil
}

// inspection is the answer of GET /api/v1/token/inspect.
type inspection struct {
	Subject      string                      `json:"subject"`
	Projects     []inspectedProject          `json:"projects"`
	Capabilities []map[string]jsontext.Value `json:"capabilities"`
}

// inspectedProject is a project to which a token gives access.
type inspectedProject struct {
	Name   string  `json:"projectUrlName"`
	Groups []int64 `json:"groups"`
}

// inspectToken serves GET /api/v1/token/inspect.
func (s *Server) inspectToken(c *call) (answer, error) {
	seen := inspection{Subject: c.principal.Subject}
	for _, name := range slices.Sorted(maps.Keys(c.principal.Projects)) {
		groups := slices.Clone(c.principal.Projects[name])
		if project, ok := s.projects[name]; ok {
			for id, g := range project.groups.all() {
				if g.has(c.principal.Subject) && !slices.Contains(groups, id) {
					groups = append(groups, id)
				}
			}
		}
		seen.Projects = append(seen.Projects, inspectedProject{name, groups})
	}
	for _, held := range c.principal.Capabilities {
		seen.Capabilities = append(seen.Capabilities, held.inspected())
	}
	return success(seen), nil
}

// inspected returns a capability as the inspection of a token shows it.
func (held Capability) inspected() map[string]jsontext.Value {
	scope, projects := `{"all":{}}`, `{"allProjects":{}}`
	if held.CurrentUser {
		scope = `{"currentuserscope":{}}`
	}
	if held.Usernames != nil {
		scope = `{"usersScope":{"usernames":` + string(encode(held.Usernames)) + `}}`
	}
	if held.Projects != nil {
		projects = `{"projects":` + string(encode(held.Projects)) + `}`
	}
	return map[string]jsontext.Value{
		held.ACL: encode(struct {
			Actions []string       `json:"actions"`
			Scope   jsontext.Value `json:"scope"`
		}{held.Actions, jsontext.Value(scope)}),
		"projectScope": jsontext.Value(projects),
	}
}
