package usermgmt

import (
	"context"
	"iter"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Ping makes sure that the token is good for the project: a mistyped project
// shows at start-up.
func (b *cogniteBackend) Ping(ctx context.Context) error {
	inside, err := b.hasProject(ctx)
	if err == nil && !inside {
		err = about("project", b.api.Project(), fault.New(fault.Unauthenticated, "the token gives no access to project %q", b.api.Project()))
	}
	return err
}

// hasProject reports whether the token gives access to the project.
func (b *cogniteBackend) hasProject(ctx context.Context) (bool, error) {
	token, err := b.api.InspectToken(ctx)
	for _, project := range token.Projects {
		if project.Name == b.api.Project() {
			return true, err
		}
	}
	return false, err
}

// CurrentUser returns the principal that the token is of, which is no user of
// the gateway.
func (b *cogniteBackend) CurrentUser(ctx context.Context) (User, error) {
	token, err := b.api.InspectToken(ctx)
	if err != nil {
		return User{}, err
	}
	return User{Name: token.Subject}, nil
}

func (b *cogniteBackend) GetProject(ctx context.Context, req GetProjectRequest) (Project, error) {
	inside, err := b.hasProject(ctx)
	if err == nil && (!inside || req.Name != b.api.Project()) {
		err = fault.New(fault.NotFound, "project %q is not the one that this client is for, or the token gives no access to it", req.Name)
	}
	if err != nil {
		return Project{}, err
	}
	return Project{Name: req.Name}, nil
}

func (b *cogniteBackend) ListProjects(ctx context.Context, req ListProjectsRequest) iter.Seq2[Project, error] {
	if req.User != "" {
		return SeqError[Project](fault.Invalid("User", "must be empty: users of the gateway are members of no project"))
	}
	return func(yield func(Project, error) bool) {
		inside, err := b.hasProject(ctx)
		if err != nil {
			yield(Project{}, err)
		} else if inside {
			yield(Project{Name: b.api.Project()}, nil)
		}
	}
}
