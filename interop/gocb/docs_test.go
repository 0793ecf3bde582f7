package gocb

import (
	"testing"

	"github.com/couchbase/gocb/v2"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// docsConnect holds the code of docs/couchbase.md word for word; the tests in
// docs make sure of that.
func docsConnect(extension *usermgmt.CouchbaseExtension, created usermgmt.CreatedUser, password string) (*gocb.Cluster, error) {
	connection := extension.DataConnection()
	data, err := gocb.Connect(connection.ConnectionString, gocb.ClusterOptions{
		Authenticator: gocb.PasswordAuthenticator{Username: created.Name, Password: password},
	})
	return data, err
}

func TestDocsConnect(t *testing.T) {
	t.Parallel()
	server := start(t, couchbase.Options{})
	client, err := usermgmt.New(usermgmt.Couchbase(server.Node(0).URL()), usermgmt.WithCredentials(usermgmt.Password("Administrator", "password")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	extension, ok := usermgmt.As[*usermgmt.CouchbaseExtension](client)
	require.True(t, ok)
	data, err := docsConnect(extension, usermgmt.CreatedUser{User: usermgmt.User{Name: "alice"}}, "a password")
	require.NoError(t, err)
	require.NoError(t, data.Close(nil))
}
