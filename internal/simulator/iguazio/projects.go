package iguazio

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// roleNames are the roles of every project, the highest first.
var roleNames = []string{"Admin", "Editor", "Viewer"}

// readOnlyProject are the attributes of projects that only the system changes.
var readOnlyProject = []string{"created_at", "updated_at", "operational_status", "owner_username", "name"}

// project is a stored project.
type project struct {
	id         string
	attributes attributes
	owner      string
	roles      []string // in the order of roleNames
	lastJob    string
	filled     bool // something is in it
}

func (p *project) reference() ref    { return ref{"project", p.id} }
func (p *project) name() string      { return p.attributes.text("name") }
func (p *project) shown() attributes { return p.attributes }

// linked returns a relationship of p.
func (p *project) linked(name string) (linkage, bool) {
	switch name {
	case "owner":
		return linkage{refs: refs("user", []string{p.owner})}, true
	case "last_job":
		return linkage{refs: refs("job", []string{p.lastJob})}, true
	case "project_group":
		return linkage{}, true
	case "project_authorization_roles":
		return linkage{refs: refs("project_authorization_role", p.roles), many: true}, true
	default:
		return linkage{}, false
	}
}

// role is a role of a project.
type role struct {
	id            string
	attributes    attributes
	project       string
	users, groups []string
}

func (r *role) reference() ref    { return ref{"project_authorization_role", r.id} }
func (r *role) name() string      { return r.attributes.text("name") }
func (r *role) shown() attributes { return r.attributes }

// linked returns a relationship of r.
func (r *role) linked(name string) (linkage, bool) {
	switch name {
	case "project":
		return linkage{refs: refs("project", []string{r.project})}, true
	case "principal_users":
		return linkage{refs: refs("user", r.users), many: true}, true
	case "principal_user_groups":
		return linkage{refs: refs("user_group", r.groups), many: true}, true
	default:
		return linkage{}, false
	}
}

// rolesOf returns the roles of a project, the highest first.
func (s *Server) rolesOf(p *project) []*role {
	var roles []*role
	for _, id := range p.roles {
		roles = append(roles, s.roles.byID[id])
	}
	return roles
}

// listProjects serves GET /api/projects: those that the caller may see.
func (s *Server) listProjects(c call) (*answer, error) {
	return list(s, c, slices.DeleteFunc(slices.Clone(s.projects.order), func(p *project) bool { return !s.seesProject(c.caller, p) }))
}

// getProject serves GET /api/projects/<id>.
func (s *Server) getProject(c call) (*answer, error) {
	return s.showProject(c, s.projects.byID[c.params[0]])
}

// getProjectByName serves GET /api/projects/__name__/<name>.
func (s *Server) getProjectByName(c call) (*answer, error) {
	return s.showProject(c, s.projects.byName[c.params[0]])
}

func (s *Server) showProject(c call, p *project) (*answer, error) {
	if p == nil || !s.seesProject(c.caller, p) {
		return nil, errNoProject()
	}
	return s.show(c, p), nil
}

func errNoProject() error { return errorf(http.StatusNotFound, "Project was not found") }

// authorize serves GET /api/projects/__name__/<name>/authorization.
func (s *Server) authorize(c call) (*answer, error) {
	p := s.projects.byName[c.params[0]]
	if p == nil || !s.seesProject(c.caller, p) {
		return nil, errNoProject()
	}
	action, sub := c.query.Get("action"), c.query.Get("sub_resource")
	if action == "" {
		return nil, errorf(http.StatusBadRequest, "Missing required parameter action")
	}
	if !s.administers(c.caller, p, projectAdmin) && !s.granted(s.effectiveRole(c.caller, p), p, action, sub) {
		return nil, errDenied()
	}
	return &answer{status: http.StatusOK}, nil
}

// permission is one permission of a role.
type permission struct {
	Resource string   `json:"resource"`
	Actions  []string `json:"actions"`
}

// granted reports whether the permissions of a role cover an action.
func (s *Server) granted(held *role, p *project, action, sub string) bool {
	if held == nil {
		return false
	}
	wanted := strings.TrimSuffix("/projects/"+p.name()+"/"+strings.Trim(sub, "/"), "/") + "/"
	return slices.ContainsFunc(read[[]permission](held.attributes, "permissions"), func(p permission) bool {
		return strings.HasPrefix(wanted, p.Resource+"/") && slices.ContainsFunc(p.Actions, func(pattern string) bool {
			matched, err := regexp.MatchString("^(?:"+pattern+")$", action)
			return err == nil && matched
		})
	})
}

// createProject serves POST /api/projects.
func (s *Server) createProject(c call) (*answer, error) {
	in, err := s.projectInput(c)
	if err != nil {
		return nil, err
	}
	if !s.has(c.caller, developer, projectAdmin, projectSecurityAdmin, tenantAdmin) {
		return nil, errDenied()
	}
	if err := in.Attributes.requireText("name"); err != nil {
		return nil, err
	}
	name := in.Attributes.text("name")
	if s.projects.byName[name] != nil {
		return nil, errorf(s.opts.Alternatives.DuplicateStatus, "Project with name %s already exists", name)
	}
	owner, named, err := s.ownerOf(in)
	if err != nil {
		return nil, err
	}
	if !named {
		owner = c.caller.id
	}
	p := s.addProject("", owner, in.Attributes)
	set(p.attributes, "operational_status", "creating")
	p.lastJob = s.startJob("project.creation", func() {
		set(p.attributes, "operational_status", "online")
		s.setOwner(p, p.owner)
	}, func() { s.removeProject(p) }).id
	v := s.view(c)
	return whole(http.StatusCreated, v.render(p, [][]string{{"owner"}, {"tenant"}, {"last_job"}})), nil
}

// projectInput reads a request that writes a project.
func (s *Server) projectInput(c call) (input, error) {
	if s.opts.Alternatives.ProjectsRoleRequired && c.request.Header.Get("X-Projects-Role") == "" {
		return input{}, errorf(http.StatusBadRequest, "Missing header x-projects-role")
	}
	return c.decode("project")
}

// ownerOf returns the owner that a request names, and whether it does.
func (s *Server) ownerOf(in input) (id string, named bool, err error) {
	id, named, err = in.one("owner")
	if err == nil && named && s.users.byID[id] == nil {
		return "", false, errorf(http.StatusNotFound, "User %s was not found", id)
	}
	return id, named, err
}

// addProject stores a new project with its roles. An empty ID stands for a new
// one.
func (s *Server) addProject(id, owner string, given attributes) *project {
	name := given.text("name")
	if id == "" && s.opts.Alternatives.NamedProjectIDs {
		id = name + "@" + s.opts.Tenant
	}
	if id == "" {
		id = s.newID("project")
	}
	p := &project{id: id, attributes: attributes{}, owner: owner}
	p.attributes.merge(given)
	setDefault(p.attributes, "description", "")
	setDefault(p.attributes, "labels", []string{})
	setDefault(p.attributes, "annotations", []string{})
	setDefault(p.attributes, "admin_status", "online")
	setDefault(p.attributes, "created_at", s.timestamp())
	setDefault(p.attributes, "updated_at", s.timestamp())
	for i, roleName := range roleNames {
		allowed := permission{Resource: "/projects/" + name, Actions: []string{"read"}}
		if i == 0 {
			allowed.Actions = []string{".*"}
		}
		r := &role{id: s.newID("project_authorization_role"), attributes: attributes{}, project: p.id}
		set(r.attributes, "name", roleName)
		set(r.attributes, "permissions", []permission{allowed})
		s.roles.add(r)
		p.roles = append(p.roles, r.id)
	}
	s.projects.add(p)
	return p
}

// setOwner gives a project to a user.
func (s *Server) setOwner(p *project, owner string) {
	p.owner = owner
	if u := s.users.byID[owner]; u != nil {
		set(p.attributes, "owner_username", u.name())
	}
}

// removeProject removes a project and its roles.
func (s *Server) removeProject(p *project) {
	s.projects.remove(p)
	for _, r := range s.rolesOf(p) {
		s.roles.remove(r)
	}
}
