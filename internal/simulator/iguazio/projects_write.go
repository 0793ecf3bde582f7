package iguazio

import (
	"net/http"
)

// updateProject serves PUT /api/projects/<id>.
func (s *Server) updateProject(c call) (*answer, error) {
	return s.changeProject(c, s.projects.byID[c.params[0]])
}

// updateProjectByName serves PUT /api/projects/__name__/<name>.
func (s *Server) updateProjectByName(c call) (*answer, error) {
	return s.changeProject(c, s.projects.byName[c.params[0]])
}

// changeProject merges what is sent into a project. Unlike that of users and
// groups the answer is the whole project.
func (s *Server) changeProject(c call, p *project) (*answer, error) {
	if p == nil || !s.seesProject(c.caller, p) {
		return nil, errNoProject()
	}
	in, err := s.projectInput(c)
	if err != nil {
		return nil, err
	}
	if !s.administers(c.caller, p, projectAdmin, projectSecurityAdmin, tenantAdmin) {
		return nil, errDenied()
	}
	changed, err := s.changed(p.attributes, in.Attributes, readOnlyProject)
	if err != nil {
		return nil, err
	}
	owner, named, err := s.ownerOf(in)
	if err != nil {
		return nil, err
	}
	set(changed, "updated_at", s.timestamp())
	p.attributes = changed
	if named {
		s.setOwner(p, owner)
	}
	return s.show(c, p), nil
}

// deleteProject serves DELETE /api/projects, whose body names the project. A
// project with something in it is deleted only if the strategy is cascading.
func (s *Server) deleteProject(c call) (*answer, error) {
	in, err := s.projectInput(c)
	if err != nil {
		return nil, err
	}
	p := s.projects.byName[in.Attributes.text("name")]
	if p == nil || !s.seesProject(c.caller, p) {
		return nil, errNoProject()
	}
	if !s.administers(c.caller, p, projectAdmin, tenantAdmin) {
		return nil, errDenied()
	}
	strategy := c.request.Header.Get("Igz-Project-Deletion-Strategy")
	switch strategy {
	case "cascading":
	case "", "restricted":
		if p.filled {
			return nil, errorf(http.StatusPreconditionFailed, "Project %s can not be deleted since it is not empty", p.name())
		}
	default:
		return nil, errorf(http.StatusBadRequest, "Unknown deletion strategy %s", strategy)
	}
	status := p.attributes["operational_status"]
	set(p.attributes, "operational_status", statusDeleting)
	deletion := s.startJob("project.deletion", func() { s.removeProject(p) }, func() { p.attributes["operational_status"] = status })
	p.lastJob = deletion.id
	if s.opts.Alternatives.DeletedAtOnce {
		s.removeProject(p)
	}
	return one(http.StatusAccepted, &resource{Type: "job", ID: deletion.id}), nil
}
