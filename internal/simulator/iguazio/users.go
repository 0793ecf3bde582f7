package iguazio

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// firstUID is the POSIX user ID of the first user that is not of the system.
const firstUID = 51

// The values of admin_status and operational_status of users.
const (
	statusUp       = "up"
	statusDown     = "down"
	statusDeleting = "deleting"
)

// user is a stored user.
type user struct {
	id         string
	attributes attributes
	// password is in clear: nothing here is worth protecting. Empty means that
	// there is no login with one.
	password   string
	groups     []string
	primary    string
	jobs       []string
	predefined bool
	// downFor and outFor are the reads until it is operational and in the
	// group of all users, negative for never.
	downFor, outFor int
}

func (u *user) reference() ref    { return ref{"user", u.id} }
func (u *user) name() string      { return u.attributes.text("username") }
func (u *user) shown() attributes { return u.attributes }
func (u *user) disabled() bool    { return u.attributes.text("admin_status") == statusDown }

// linked returns a relationship of u.
func (u *user) linked(name string) (linkage, bool) {
	switch name {
	case "user_groups":
		return linkage{refs: refs("user_group", u.groups), many: true}, true
	case "primary_group":
		return linkage{refs: refs("user_group", []string{u.primary})}, true
	case "jobs":
		return linkage{refs: refs("job", u.jobs), many: true}, true
	default:
		return linkage{}, false
	}
}

// listUsers serves GET /api/users.
func (s *Server) listUsers(c call) (*answer, error) {
	for _, u := range s.users.order {
		s.settle(u)
	}
	reply, err := list(s, c, s.users.order)
	if err != nil {
		return nil, err
	}
	for _, shown := range reply.data {
		s.users.byID[shown.ID].countRead()
	}
	return reply, nil
}

// listScrubbedUsers serves GET /api/scrubbed_users: what members of projects
// are picked from.
func (s *Server) listScrubbedUsers(c call) (*answer, error) { return scrub(list(s, c, s.users.order)) }

// scrub leaves only names in a list.
func scrub(reply *answer, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	for _, shown := range slices.Concat(reply.data, reply.included) {
		maps.DeleteFunc(shown.Attributes, func(name string, _ json.RawMessage) bool {
			return !slices.Contains([]string{"username", "first_name", "last_name", "name"}, name)
		})
	}
	return reply, nil
}

// self serves GET /api/self.
func (s *Server) self(c call) (*answer, error) {
	c.query.Set("include", "user_groups")
	return s.show(c, c.caller), nil
}

// getUser serves GET /api/users/<id>.
func (s *Server) getUser(c call) (*answer, error) {
	u, err := s.findUser(c)
	if err != nil {
		return nil, err
	}
	s.settle(u)
	reply := s.show(c, u)
	u.countRead()
	return reply, nil
}

// countRead brings a new user nearer to being operational.
func (u *user) countRead() {
	for _, reads := range []*int{&u.downFor, &u.outFor} {
		if *reads > 0 {
			*reads--
		}
	}
}

// settle makes a user operational and a member of all_users when it is time.
// It does so once: what is changed later stays changed.
func (s *Server) settle(u *user) {
	if u.downFor == 0 {
		u.downFor = settled
		set(u.attributes, "operational_status", statusUp)
	}
	if u.outFor == 0 {
		u.outFor = settled
		u.groups = append([]string{s.allUsers.id}, slices.DeleteFunc(u.groups, func(id string) bool { return id == s.allUsers.id })...)
	}
}

// settled marks a user for whom there is nothing left to wait for.
const settled = -1

// findUser returns the user that a path names.
func (s *Server) findUser(c call) (*user, error) {
	u := s.users.byID[c.params[0]]
	if u == nil || s.sees(c.caller, u.id) != Shown {
		return nil, errorf(http.StatusNotFound, "User %s was not found", c.params[0])
	}
	return u, nil
}

// createUser serves POST /api/users.
func (s *Server) createUser(c call) (*answer, error) {
	in, err := c.decode("user")
	if err != nil {
		return nil, err
	}
	if err := s.checkNewUser(in); err != nil {
		return nil, err
	}
	groups, _, err := s.groupsOf(in)
	if err != nil {
		return nil, err
	}
	primary, _, err := s.primaryOf(in)
	if err != nil {
		return nil, err
	}
	groups, primary, err = s.fit(groups, primary, true)
	if err != nil {
		return nil, err
	}
	u := &user{
		id: s.newID("user"), attributes: attributes{}, password: in.Attributes.text("password"), groups: groups, primary: primary,
		downFor: s.opts.OperationalAfter, outFor: s.opts.AllUsersAfter,
	}
	u.attributes.merge(in.Attributes)
	s.completeUser(u)
	if s.opts.UserCreationJob {
		u.jobs = []string{s.startJob("user.creation", func() {}, func() { u.downFor = settled }).id}
	}
	if u.downFor != 0 || s.opts.UserCreationJob {
		set(u.attributes, "operational_status", statusDown)
	}
	s.users.add(u)
	v := s.view(c)
	reply := whole(http.StatusCreated, v.render(u, [][]string{{"user_groups"}, {"primary_group"}, {"tenant"}, {"jobs"}}))
	if !s.opts.UserCreationJob {
		s.settle(u)
	}
	return reply, nil
}

// checkNewUser refuses users that cannot be created.
func (s *Server) checkNewUser(in input) error {
	if err := in.Attributes.requireText("username"); err != nil {
		return err
	}
	others := in.Attributes.require
	if s.opts.Alternatives.EmptyNamesRefused {
		others = in.Attributes.requireText
	}
	if err := others("first_name", "last_name", "email"); err != nil {
		return err
	}
	if err := s.checkAccount(in.Attributes); err != nil {
		return err
	}
	if username := in.Attributes.text("username"); s.users.byName[username] != nil {
		return errorf(s.opts.Alternatives.DuplicateStatus, "User with username %s already exists", username)
	}
	return nil
}

// checkAccount refuses passwords and policies that do not do.
func (s *Server) checkAccount(given attributes) error {
	password, ok := given["password"]
	if ok && !isNull(password) && !s.opts.PasswordPolicy(given.text("password")) {
		return errorf(http.StatusBadRequest, "Password does not meet the password policy")
	}
	for _, policy := range read[[]string](given, "assigned_policies") {
		if !slices.Contains(productPolicies, policy) && !slices.Contains(s.opts.Policies, policy) && !s.opts.Alternatives.AnyPolicy {
			return errorf(http.StatusBadRequest, "Policy %s does not exist", policy)
		}
	}
	return nil
}

// completeUser adds what the system says of a new user.
func (s *Server) completeUser(u *user) {
	a := u.attributes
	delete(a, "password")
	if !s.atLeast("3.5.5") {
		delete(a, "authentication_methods")
	}
	setDefault(a, "uid", s.nextUID)
	s.nextUID = max(s.nextUID, read[int64](a, "uid")+1)
	for _, name := range []string{"phone_number", "job_title", "department"} {
		setDefault(a, name, "")
	}
	setDefault(a, "data_access_mode", "enabled")
	setDefault(a, "assigned_policies", []string{})
	setDefault(a, "send_password_on_creation", false)
	setDefault(a, "admin_status", statusUp)
	set(a, "authentication_scheme", "local")
	set(a, "operational_status", statusUp)
	set(a, "created_at", s.timestamp())
	for _, name := range []string{"updated_at", "last_activity", "password_changed_at"} {
		delete(a, name)
	}
}
