package usermgmt_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/usermgmt/usermgmt"
)

// The examples run on the embedded backend. They ignore errors only where
// the reader would be distracted by them.

func Example() {
	ctx := context.Background()
	client, err := usermgmt.New(usermgmt.Memory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	if _, err := client.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: "reader"}); err != nil {
		fmt.Println(err)
		return
	}
	user, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name:       "alice",
		Credential: usermgmt.Password("", "correct horse battery staple"),
		Roles:      usermgmt.Roles("reader"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Name, user.Roles)
	// Output: alice [reader]
}

func ExampleNew() {
	client, err := usermgmt.New(
		usermgmt.AIStore("https://authn.example.com:52001"),
		usermgmt.WithCredentials(usermgmt.Password("admin", "secret")),
		usermgmt.WithRequired(usermgmt.CapDisableUser),
	)
	fmt.Println(client == nil, err)
	// Output: true New aistore: unsupported: this backend lacks DisableUser
}

func ExampleOpen() {
	_, err := usermgmt.Open(context.Background(), "postgres://db.example.com")
	fmt.Println(err)
	// Output: Open: invalid argument: url has the unknown scheme "postgres": known are memory, aistore, aistore+http, couchbase, couchbases, couchbase+http, couchbase+https, cognite, cognite+http, iguazio, iguazio+http, juju, juju+ws
}

// newExample returns a client with the user alice.
func newExample() *usermgmt.Client {
	client, err := usermgmt.New(usermgmt.Memory())
	if err == nil {
		_, err = client.CreateUser(context.Background(), usermgmt.CreateUserRequest{Name: "alice"})
	}
	if err != nil {
		panic(err)
	}
	return client
}

func ExampleClient_CreateUser() {
	client := newExample()
	defer client.Close()

	_, err := client.CreateUser(context.Background(), usermgmt.CreateUserRequest{Name: "alice"})
	fmt.Println(errors.Is(err, usermgmt.ErrAlreadyExists))
	// Output: true
}

func ExampleClient_ListUsers() {
	client := newExample()
	defer client.Close()

	for user, err := range client.ListUsers(context.Background(), usermgmt.ListUsersRequest{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(user.Name)
	}
	// Output:
	// admin
	// alice
}

func ExampleClient_UpdateUser() {
	client := newExample()
	defer client.Close()

	// Only what is set is changed: the e-mail address stays as it is.
	user, err := client.UpdateUser(context.Background(), usermgmt.UpdateUserRequest{
		Name:        "alice",
		DisplayName: new("Alice Liddell"),
	})
	fmt.Println(user.DisplayName, err)
	// Output: Alice Liddell <nil>
}

func ExampleClient_DisableUser() {
	ctx := context.Background()
	client := newExample()
	defer client.Close()

	_ = client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "alice"})
	user, err := client.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"})
	fmt.Println(user.Disabled, err)
	// Output: true <nil>
}

func ExampleClient_GrantRoles() {
	ctx := context.Background()
	client := newExample()
	defer client.Close()
	_, _ = client.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: "data_reader"})

	err := client.GrantRoles(ctx, usermgmt.GrantRolesRequest{
		User:  "alice",
		Roles: []usermgmt.Role{{Name: "data_reader", Scope: "travel-sample"}},
	})
	user, _ := client.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"})
	fmt.Println(user.Roles, err)
	// Output: [data_reader[travel-sample]] <nil>
}

func ExampleClient_AddGroupMember() {
	ctx := context.Background()
	client := newExample()
	defer client.Close()
	_, _ = client.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "analysts"})

	err := client.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "analysts", User: "alice"})
	members, _ := usermgmt.Collect(client.ListUsers(ctx, usermgmt.ListUsersRequest{Group: "analysts"}))
	fmt.Println(len(members), members[0].Name, err)
	// Output: 1 alice <nil>
}

func ExampleClient_EnsureProjectMember() {
	ctx := context.Background()
	client := newExample()
	defer client.Close()
	memory, _ := usermgmt.As[*usermgmt.MemoryExtension](client)
	_ = memory.CreateProject(ctx, usermgmt.Project{Name: "apollo"})

	alice := usermgmt.UserMember("alice")
	for _, role := range []string{"admin", "viewer"} { // the last one holds
		_ = client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "apollo", Member: alice, Role: role})
	}
	role, err := client.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: "apollo", User: "alice"})
	fmt.Println(role, err)
	// Output: viewer <nil>
}

func ExampleClient_DeleteUser() {
	ctx := context.Background()
	client := newExample()
	defer client.Close()

	fmt.Println(client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "nobody"}))
	fmt.Println(client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "nobody", IgnoreMissing: true}))
	// Output:
	// DeleteUser memory: not found: user "nobody" does not exist
	// <nil>
}

func ExampleError() {
	client := newExample()
	defer client.Close()

	_, err := client.GetUser(context.Background(), usermgmt.GetUserRequest{Name: "nobody"})
	if e, ok := errors.AsType[*usermgmt.Error](err); ok {
		fmt.Println(e.Op, e.Backend, e.Resource, e.Name, e.Status, e.Ambiguous)
	}
	// Output: GetUser memory user nobody 0 false
}

func ExampleCapabilities() {
	client := newExample()
	defer client.Close()

	can := client.Capabilities()
	fmt.Println(can.Of(usermgmt.CapDisableUser), can.Has(usermgmt.CapListGroups))
	// Output: yes true
}

func ExampleAs() {
	client := newExample()
	defer client.Close()

	_, isMemory := usermgmt.As[*usermgmt.MemoryExtension](client)
	_, isAIStore := usermgmt.As[*usermgmt.AIStoreExtension](client)
	fmt.Println(isMemory, isAIStore)
	// Output: true false
}

func ExampleWithCredentials() {
	vault := func(context.Context) (string, error) { return "rotated today", nil }

	client, err := usermgmt.New(
		usermgmt.AIStore("https://authn.example.com:52001"),
		usermgmt.WithCredentials(usermgmt.CredentialFunc(func(ctx context.Context) (usermgmt.Credential, error) {
			password, err := vault(ctx)
			return usermgmt.Password("admin", password), err
		})),
	)
	fmt.Println(client.Backend(), err)
	// Output: aistore <nil>
}

func ExampleSecret() {
	request := usermgmt.SetPasswordRequest{Name: "alice", Password: usermgmt.NewSecret("hunter2")}
	fmt.Printf("%+v\n", request)
	// Output: {Name:alice Password:[redacted] Extension:<nil>}
}

func ExampleIntercept() {
	client := newExample()
	defer client.Close()

	flaky := usermgmt.Intercept(client, usermgmt.Interceptor{
		DeleteUser: func(context.Context, usermgmt.UserManager, usermgmt.DeleteUserRequest) error {
			return &usermgmt.Error{Op: "DeleteUser", Kind: usermgmt.ErrUnavailable}
		},
	})
	fmt.Println(flaky.DeleteUser(context.Background(), usermgmt.DeleteUserRequest{Name: "alice"}))
	// Output: DeleteUser: unavailable
}

// directory is a hand-written mock with just the method that is needed.
type directory struct{ usermgmt.Unimplemented }

func (directory) GetUser(_ context.Context, req usermgmt.GetUserRequest) (usermgmt.User, error) {
	return usermgmt.User{Name: req.Name, Email: req.Name + "@example.com"}, nil
}

func ExampleUnimplemented() {
	var m usermgmt.UserManager = directory{}
	user, err := m.GetUser(context.Background(), usermgmt.GetUserRequest{Name: "alice"})
	fmt.Println(user.Email, err)
	_, err = m.CurrentUser(context.Background())
	fmt.Println(err)
	// Output:
	// alice@example.com <nil>
	// CurrentUser: unsupported: this backend lacks CurrentUser
}

func ExampleCollect() {
	users, err := usermgmt.Collect(usermgmt.Seq(usermgmt.User{Name: "alice"}, usermgmt.User{Name: "bob"}))
	fmt.Println(len(users), err)
	// Output: 2 <nil>
}

func ExampleBulkCreate() {
	ctx := context.Background()
	client := newExample()
	defer client.Close()
	results, err := usermgmt.BulkCreate(ctx, client, []usermgmt.CreateUserRequest{
		{Name: "bob"},
		{Name: "alice"},
		{Name: "carol", Roles: usermgmt.Roles("no-such-role")},
	}, usermgmt.BulkOptions{})
	for _, r := range results {
		fmt.Println(r.Name, r.Outcome)
	}
	fmt.Println(err)
	// Output:
	// bob created
	// alice already there
	// carol failed
	// BulkCreate: of 3 items 1 failed; item 2: CreateUser memory: not found: role "no-such-role" does not exist
}

func ExampleBulkDelete() {
	ctx := context.Background()
	client := newExample()
	defer client.Close()
	leavers := []usermgmt.DeleteUserRequest{{Name: "alice"}, {Name: "bob"}}
	results, err := usermgmt.BulkDelete(ctx, client, leavers, usermgmt.BulkOptions{
		Concurrency: 1,
		Progress:    func(ended, total int) { fmt.Printf("%d/%d\n", ended, total) },
	})
	fmt.Println(results[0].Outcome, results[1].Outcome, err)
	// Output:
	// 1/2
	// 2/2
	// deleted already gone <nil>
}

func ExampleParseRole() {
	role, err := usermgmt.ParseRole("data_reader[travel-sample:inventory]")
	fmt.Printf("%q %q %v\n", role.Name, role.Scope, err)
	// Output: "data_reader" "travel-sample:inventory" <nil>
}
