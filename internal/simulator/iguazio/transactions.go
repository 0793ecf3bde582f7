package iguazio

import (
	"encoding/json"
	"net/http"
	"strings"
)

// transaction is the body of POST /api/async_transactions.
type transaction struct {
	Data struct {
		Attributes struct {
			Metadata struct {
				ProjectIDs    []string `json:"project_ids"`
				NotifyByEmail bool     `json:"notify_by_email"`
			} `json:"metadata"`
			Requests []struct {
				Method   string `json:"method"`
				Resource string `json:"resource"`
				Body     struct {
					Data input `json:"data"`
				} `json:"body"`
			} `json:"requests"`
		} `json:"attributes"`
	} `json:"data"`
}

// change is what a transaction makes of one role. A nil list stays as it is.
type change struct {
	role          *role
	permissions   json.RawMessage
	users, groups *[]string
}

// transact serves POST /api/async_transactions: it begins a job that replaces
// the members of roles, all of them or none.
func (s *Server) transact(c call) (*answer, error) {
	var body transaction
	if json.Unmarshal(c.body, &body) != nil || len(body.Data.Attributes.Requests) == 0 {
		return nil, errorf(http.StatusBadRequest, "Malformed request body")
	}
	asked := body.Data.Attributes
	for _, id := range asked.Metadata.ProjectIDs {
		if p := s.projects.byID[id]; p == nil || !s.seesProject(c.caller, p) {
			return nil, errNoProject()
		}
	}
	allowed := true
	var changes []change
	for _, request := range asked.Requests {
		id, isRole := strings.CutPrefix(request.Resource, "project_authorization_roles/")
		if !strings.EqualFold(request.Method, http.MethodPut) || !isRole {
			return nil, errorf(http.StatusBadRequest, "Request %s %s is not supported in a transaction", request.Method, request.Resource)
		}
		r := s.roles.byID[id]
		if r == nil || s.sees(c.caller, id) != Shown {
			return nil, errorf(http.StatusNotFound, "Project authorization role %s was not found", id)
		}
		changed, err := s.changedRole(r, request.Body.Data)
		if err != nil {
			return nil, err
		}
		changes = append(changes, changed)
		allowed = allowed && s.administers(c.caller, s.projects.byID[r.project], projectSecurityAdmin)
	}
	if !allowed && s.opts.Alternatives.TransactionsRefusedAtOnce {
		return nil, errDenied()
	}
	started := s.startJob("async_transaction", func() { s.apply(c.caller, changes, asked.Metadata.NotifyByEmail) }, func() {})
	if !allowed {
		started.script = forbidden
	}
	return one(s.opts.Alternatives.TransactionStatus, &resource{Type: "job", ID: started.id}), nil
}

// forbidden is how a job proceeds whose caller may not do what it does.
var forbidden = JobScript{
	States: []string{JobInProgress, JobFailed},
	Result: `{"status": 403, "message": "No permission to update authorization roles"}`,
}

// changedRole reads what a transaction makes of one role.
func (s *Server) changedRole(r *role, in input) (change, error) {
	changed := change{role: r, permissions: in.Attributes["permissions"]}
	if name := in.Attributes.text("name"); name != "" && name != r.name() {
		return change{}, errorf(http.StatusBadRequest, "Role %s is not %s", r.name(), name)
	}
	if id, named, err := in.one("project"); err != nil || named && id != r.project {
		return change{}, errNoProject()
	}
	users, named, err := in.many("principal_users")
	if err != nil {
		return change{}, err
	}
	if named {
		changed.users = &users
	}
	for _, id := range users {
		if s.users.byID[id] == nil {
			return change{}, errorf(http.StatusNotFound, "User %s was not found", id)
		}
	}
	groups, named, err := in.many("principal_user_groups")
	if err != nil {
		return change{}, err
	}
	if named {
		changed.groups = &groups
	}
	for _, id := range groups {
		if s.groups.byID[id] == nil {
			return change{}, errorf(http.StatusNotFound, "User group %s was not found", id)
		}
	}
	return changed, nil
}

// apply makes the changes of a transaction. Members that were deleted since
// are left out.
func (s *Server) apply(caller *user, changes []change, notify bool) {
	for _, changed := range changes {
		r := changed.role
		if changed.permissions != nil {
			r.attributes["permissions"] = changed.permissions
		}
		if changed.users != nil {
			r.users = s.users.known(s.replace(caller, r.users, *changed.users))
		}
		if changed.groups != nil {
			r.groups = s.groups.known(s.replace(caller, r.groups, *changed.groups))
		}
		if notify {
			s.mails = append(s.mails, r.project)
		}
	}
}
