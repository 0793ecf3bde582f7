package iguazio

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// IncludeOwner is the relationship of projects that shows their owner.
const IncludeOwner = "owner"

const includeRoles = "project_authorization_roles"

// IncludeMembers are the relationships of projects that show who is in them.
var IncludeMembers = []string{includeRoles + ".principal_users", includeRoles + ".principal_user_groups"}

// Label is a name with a value.
type Label struct {
	// Name is the name.
	Name string `json:"name"`
	// Value is the value.
	Value string `json:"value"`
}

// ProjectAttributes are the attributes of a project that are known.
type ProjectAttributes struct {
	// Name is the name.
	Name string `json:"name"`
	// Description is text.
	Description string `json:"description"`
	// Labels are labels.
	Labels []Label `json:"labels"`
	// Annotations are annotations.
	Annotations []Label `json:"annotations"`
	// NodeSelector says where functions run, from version 3.5.5 on.
	NodeSelector []Label `json:"default_function_node_selector"`
	// AdminStatus is "online", "offline" or "archived".
	AdminStatus string `json:"admin_status"`
	// OperationalStatus is "unknown", "creating", "deleting", "online",
	// "offline" or "archived".
	OperationalStatus string `json:"operational_status"`
	// OwnerUsername is the name of the owner.
	OwnerUsername string `json:"owner_username"`
	// CreatedAt is when the project was made.
	CreatedAt Time `json:"created_at"`
	// UpdatedAt is when the project was last changed.
	UpdatedAt Time `json:"updated_at"`
}

// Project is a project.
type Project struct {
	ProjectAttributes

	// ID is the identifier.
	ID string
	// Raw are all attributes as the server shows them, as a JSON object.
	Raw jsontext.Value
	// OwnerID is the owner, empty unless it was included.
	OwnerID string
	// Owner is the owner, the zero value unless it was included and the server
	// shows it.
	Owner User

	roles refs
	shown map[Ref]resource
}

func readProject(r resource, included map[Ref]resource) (Project, error) {
	project := Project{
		ID: r.ID, Raw: r.Attributes, OwnerID: r.Relationships[IncludeOwner].first(),
		roles: r.Relationships[includeRoles].Data, shown: included,
	}
	if shown, ok := included[UserRef(project.OwnerID)]; ok {
		owner, err := readUser(shown, nil)
		if err != nil {
			return Project{}, err
		}
		project.Owner = owner
	}
	return project, r.attributes(&project.ProjectAttributes)
}

// GetProject returns a project: GET /api/projects/{id}.
func (c *Client) GetProject(ctx context.Context, id string, include ...string) (Project, error) {
	if err := checkID("ID", id); err != nil {
		return Project{}, err
	}
	document, err := c.get(ctx, include, "api", "projects", id)
	if err != nil {
		return Project{}, err
	}
	if document.Data.ID != id {
		return Project{}, anotherThan(typeProject)
	}
	return readProject(document.Data, document.included)
}

// FindProject returns the project of a name, and NotFound if there is none
// that the caller may see: GET /api/projects?filter[name]={name}.
func (c *Client) FindProject(ctx context.Context, name string, include ...string) (Project, error) {
	return find(ctx, c, "projects", "name", name, include, readProject, func(p Project) string { return p.Name })
}

// ListProjects streams projects: GET /api/projects, page by page.
func (c *Client) ListProjects(ctx context.Context, q Query) iter.Seq2[Project, error] {
	return list(ctx, c, "projects", q, readProject, func(p Project) string { return p.ID })
}

// NewProject is a project to be made.
type NewProject struct {
	// Name is the name. Required.
	Name string
	// Description is text.
	Description string
	// Labels are labels, nil for none.
	Labels []Label
	// Annotations are annotations, nil for none.
	Annotations []Label
	// NodeSelector says where functions run; nil leaves it to the system.
	NodeSelector []Label
	// OwnerID is the owner, empty for the caller.
	OwnerID string
}

type newProjectAttributes struct {
	Name         string  `json:"name"`
	Description  string  `json:"description"`
	Labels       []Label `json:"labels,omitzero"`
	Annotations  []Label `json:"annotations,omitzero"`
	NodeSelector []Label `json:"default_function_node_selector,omitzero"`
}

// projectHeader goes with requests that write projects.
func (c *Client) projectHeader() http.Header {
	header := jsonHeader.Clone()
	header.Set("X-Projects-Role", c.clientName)
	return header
}

// CreateProject makes a project and returns it with the ID of the job that
// goes on with it: POST /api/projects.
func (c *Client) CreateProject(ctx context.Context, project NewProject) (created Project, jobID string, err error) {
	if err := CheckName("Name", project.Name); err != nil {
		return Project{}, "", err
	}
	relationships := map[string]any{}
	if project.OwnerID != "" {
		relationships[IncludeOwner] = relateOne(typeUser, project.OwnerID)
	}
	data, err := newBody(typeProject, newProjectAttributes{
		Name: project.Name, Description: project.Description,
		Labels: project.Labels, Annotations: project.Annotations, NodeSelector: project.NodeSelector,
	}, relationships)
	if err != nil {
		return Project{}, "", err
	}
	document, err := c.one(ctx, &transport.Request{
		Method: http.MethodPost, Path: []string{"api", "projects"}, Class: transport.Once, Body: data, Header: c.projectHeader(),
	})
	if err != nil {
		return Project{}, "", err
	}
	created, err = readProject(document.Data, document.included)
	return created, document.Data.job(), accepted(err)
}

// ProjectPatch is a change of a project. Nil fields leave things as they are.
type ProjectPatch struct {
	// Description replaces the description.
	Description *string
	// Labels replaces the whole list of labels.
	Labels *[]Label
	// Annotations replaces the whole list of annotations.
	Annotations *[]Label
	// NodeSelector replaces where functions run.
	NodeSelector *[]Label
	// AdminStatus replaces the administrative status.
	AdminStatus *string
	// OwnerID replaces the owner.
	OwnerID *string
}

type projectPatchAttributes struct {
	Description  *string  `json:"description,omitzero"`
	Labels       *[]Label `json:"labels,omitzero"`
	Annotations  *[]Label `json:"annotations,omitzero"`
	NodeSelector *[]Label `json:"default_function_node_selector,omitzero"`
	AdminStatus  *string  `json:"admin_status,omitzero"`
}

// UpdateProject changes a project: PUT /api/projects/{id}. The answer does not
// show the project as it is then. An empty patch sends nothing.
func (c *Client) UpdateProject(ctx context.Context, id string, patch ProjectPatch) error {
	if err := checkID("ID", id); err != nil {
		return err
	}
	if patch == (ProjectPatch{}) {
		return nil
	}
	relationships := map[string]any{}
	if patch.OwnerID != nil {
		if err := checkID("Owner", *patch.OwnerID); err != nil {
			return err
		}
		relationships[IncludeOwner] = relateOne(typeUser, *patch.OwnerID)
	}
	data, err := newBody(typeProject, projectPatchAttributes{
		Description: patch.Description, AdminStatus: patch.AdminStatus,
		Labels: notNull(patch.Labels), Annotations: notNull(patch.Annotations), NodeSelector: notNull(patch.NodeSelector),
	}, relationships)
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{
		Method: http.MethodPut, Path: []string{"api", "projects", id}, Class: transport.Idempotent, Body: data, Header: c.projectHeader(),
	})
}

// Deletion says what happens to the content of a project that is deleted.
type Deletion string

// The ways to delete a project. The empty one leaves it to the system.
const (
	// DeleteRestricted refuses a project that is not empty, as a conflict.
	DeleteRestricted Deletion = "restricted"
	// DeleteCascading deletes the content, too.
	DeleteCascading Deletion = "cascading"
)

// DeleteProject deletes the project of a name and returns the ID of the job
// that goes on with it: DELETE /api/projects, with a body.
func (c *Client) DeleteProject(ctx context.Context, name string, how Deletion) (jobID string, err error) {
	if err := CheckName("Name", name); err != nil {
		return "", err
	}
	data, err := newBody(typeProject, map[string]string{"name": name}, nil)
	if err != nil {
		return "", err
	}
	header := c.projectHeader()
	if how != "" {
		header.Set("Igz-Project-Deletion-Strategy", string(how))
	}
	return c.remove(ctx, &transport.Request{Path: []string{"api", "projects"}, Body: data, Header: header})
}

// ProjectAllows reports whether the caller may do something in the project of
// a name: GET /api/projects/__name__/{name}/authorization. resource is a part
// of the project, empty for the project itself.
func (c *Client) ProjectAllows(ctx context.Context, name, action, resource string) (bool, error) {
	if err := CheckName("Name", name); err != nil {
		return false, err
	}
	query := url.Values{"action": {action}}
	if resource != "" {
		query.Set("sub_resource", resource)
	}
	_, err := c.exchange(ctx, &transport.Request{
		Method: http.MethodGet, Path: []string{"api", "projects", "__name__", name, "authorization"}, Query: query,
	})
	if err != nil && fault.KindOf(err) == fault.PermissionDenied {
		return false, nil
	}
	return err == nil, err
}

// notNull returns a list of labels that is not null on the wire.
func notNull(list *[]Label) *[]Label {
	if list != nil && *list == nil {
		return &[]Label{}
	}
	return list
}
