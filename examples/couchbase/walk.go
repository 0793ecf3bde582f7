package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt"
)

// walk is the part to copy.
func walk(ctx context.Context, client *usermgmt.Client, bucket string, out io.Writer) (err error) {
	couchbase, ok := usermgmt.As[*usermgmt.CouchbaseExtension](client)
	if !ok {
		return fmt.Errorf("the backend is %s, not Couchbase", client.Backend())
	}
	name, password := "app-"+strings.ToLower(rand.Text()[:6]), "Aa1!"+rand.Text()

	// Create a user with roles on every bucket ("*") and on one. Nothing is
	// overwritten if the name is taken.
	created, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name:        name,
		DisplayName: "An application",
		Credential:  usermgmt.Password("", password),
		Roles: []usermgmt.Role{
			{Name: "data_reader", Scope: "*"},
			{Name: "query_select", Scope: "*"},
			{Name: "data_writer", Scope: bucket},
			{Name: "query_insert", Scope: bucket},
			{Name: "query_delete", Scope: bucket},
			{Name: "query_manage_index", Scope: bucket},
		},
	})
	if err != nil {
		return err
	}
	defer func() {
		undo := context.WithoutCancel(ctx)
		err = errors.Join(err, client.DeleteUser(undo, usermgmt.DeleteUserRequest{Name: name, IgnoreMissing: true}))
	}()
	fmt.Fprintf(out, "created %s with %d roles\n", "the application's user", len(created.Roles))

	// List the users with their roles and the buckets that those are limited to.
	fmt.Fprintln(out, "\nlocal users:")
	for user, err := range client.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s (%s)\n", strings.Replace(user.Name, name, "app-...", 1), user.DisplayName)
		for _, role := range user.Roles {
			bucket, _, _ := strings.Cut(role.Scope, ":")
			fmt.Fprintf(out, "    %-20s bucket %s\n", role.Name, bucket)
		}
	}

	// Take one role away: the others stay, and so does all else.
	err = client.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: name, Roles: []usermgmt.Role{{Name: "query_delete", Scope: bucket}}})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "\nrevoked query_delete")

	// A new user shows on the other nodes moments later.
	visible, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := couchbase.WaitVisible(visible, name, usermgmt.CouchbaseLocal); err != nil {
		return err
	}
	fmt.Fprintln(out, "every node knows the user")

	// What to hand to a data client, beside the name and the password; see
	// docs/couchbase.md for the call. The password is nowhere to be read again.
	connection := couchbase.DataConnection()
	fmt.Fprintf(out, "a data client connects to %s as the new user\n", connection.ConnectionString)

	// Keep the user out for a while, where the cluster can.
	if client.Capabilities().Has(usermgmt.CapDisableUser) {
		if err := client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: name}); err != nil {
			return err
		}
		if err := client.EnableUser(ctx, usermgmt.EnableUserRequest{Name: name}); err != nil {
			return err
		}
		fmt.Fprintln(out, "disabled the user and enabled it again")
	}
	return nil
}
