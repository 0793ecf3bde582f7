package cognite

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestKindsOfFailures(t *testing.T) {
	t.Parallel()
	const lists = `{"error":{"code":1,"message":"m","missing":[{"username":"x"}],"duplicated":[{"username":"y"}]}}`
	const missing = `{"error":{"code":1,"message":"m","missing":[{"username":"x"}]}}`
	const duplicated = `{"error":{"code":1,"message":"m","duplicated":[{"username":"y"}]}}`
	const none = `{"error":{"code":1,"message":"m","missing":[],"duplicated":null}}`
	for _, c := range []struct {
		status int
		body   string
		create fault.Kind
		read   fault.Kind
	}{
		{400, missing, fault.NotFound, fault.NotFound},
		{404, missing, fault.NotFound, fault.NotFound},
		{422, missing, fault.NotFound, fault.NotFound},
		{404, none, fault.NotFound, fault.NotFound},
		{404, "<html>", fault.Unsupported, fault.Unsupported},
		{404, "", fault.NotFound, fault.NotFound},
		{409, duplicated, fault.AlreadyExists, fault.Conflict},
		{409, lists, fault.Conflict, fault.Conflict},
		{409, none, fault.Conflict, fault.Conflict},
		{400, duplicated, fault.InvalidArgument, fault.InvalidArgument},
		{422, duplicated, fault.InvalidArgument, fault.InvalidArgument},
		{400, none, fault.InvalidArgument, fault.InvalidArgument},
		{413, "", fault.InvalidArgument, fault.InvalidArgument},
		{415, "", fault.InvalidArgument, fault.InvalidArgument},
		{422, "", fault.InvalidArgument, fault.InvalidArgument},
		{401, none, fault.Unauthenticated, fault.Unauthenticated},
		{403, none, fault.PermissionDenied, fault.PermissionDenied},
		{405, "", fault.Unsupported, fault.Unsupported},
		{501, "", fault.Unsupported, fault.Unsupported},
		{408, "", fault.Unavailable, fault.Unavailable},
		{429, "", fault.RateLimited, fault.RateLimited},
		{500, "", fault.Unavailable, fault.Unavailable},
		{503, "", fault.Unavailable, fault.Unavailable},
		{302, "", fault.Internal, fault.Internal},
		{418, "", fault.Internal, fault.Internal},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.body), func(t *testing.T) {
			t.Parallel()
			client := newClient(t, answering(c.status, c.body), Config{Transport: transport.Config{Retry: transport.Retry{MaxAttempts: 1}}})
			for name, request := range requests {
				want := c.read
				if name == "create a user" || name == "create session" || name == "create tables" || name == "create a group" {
					want = c.create
				}
				f := asFault(t, request.send(t.Context(), client))
				assert.Equal(t, want.String(), f.Kind.String(), name)
				assert.Equal(t, c.status, f.Status)
				unclear := c.status >= 500 && c.status != 501 || c.status == 408
				assert.Equal(t, unclear && request.class != transport.Read, f.Ambiguous, name)
			}
		})
	}
}

// TestATableOfAUserNamedLikeAVerb is created, whatever the path looks like.
func TestATableOfAUserNamedLikeAVerb(t *testing.T) {
	t.Parallel()
	c := newClient(t, answering(http.StatusConflict, `{"error":{"duplicated":[{"tablename":"t"}]}}`), Config{})
	assertKind(t, fault.AlreadyExists, second(c.CreateTables(t.Context(), "delete", []Table{{Name: "t"}})))
}

func TestFormsOfErrorBodies(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]fault.Error{
		`{"error":{"code":400,"message":"Bad thing"}}`: {Code: "400", Message: "Bad thing"},
		`{"error":{"code":"X1"}}`:                      {Code: "X1", Message: "Bad Request"},
		`{"error":"Bad thing"}`:                        {Message: "Bad thing"},
		`{"error":["Bad thing","worse"]}`:              {Message: "Bad thing"},
		`{"error":[{"code":7,"message":"Bad thing"}]}`: {Code: "7", Message: "Bad thing"},
		`{"message":"Bad thing"}`:                      {Message: "Bad thing"},
		`{"error":null}`:                               {Message: "Bad Request"},
		`{"error":{"message":["Bad thing"]}}`:          {Message: "Bad Request"},
		`[1,2]`:                                        {Message: "Bad Request"},
		`"text"`:                                       {Message: "Bad Request"},
		`plain text`:                                   {Message: "Bad Request"},
		``:                                             {Message: "Bad Request"},
		`{"error":{"message":"about n-secret\nand static-token-1"}}`: {Message: "about [redacted] and [redacted]"},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
				return withHeader(http.StatusBadRequest, "X-Request-Id: req-7", body), nil
			}), Config{})
			f := assertKind(t, fault.InvalidArgument, second(c.CreateUser(t.Context(), "n-secret")))
			assert.Equal(t, want.Message, f.Message)
			assert.Equal(t, want.Code, f.Code)
			assert.Equal(t, "req-7", f.RequestID)
			require.NoError(t, f.Err)
		})
	}
}

func TestNamedItemsAreData(t *testing.T) {
	t.Parallel()
	c := newClient(t, answering(http.StatusBadRequest, `{"error":{"code":400,"message":"m",
		"missing":[{"username":"x"},{"space":"s","version":2},"bare"],
		"duplicated":[{"id":4503599627370401}],
		"hint":"mind n-secret and static-token-1","limits":{"a":[1]}}}`), Config{})
	err := second(c.CreateUser(t.Context(), "n-secret"))
	var detail *Detail
	require.ErrorAs(t, err, &detail)
	assert.Equal(t, &Detail{
		Missing:    []Item{{"username": "x"}, {"space": "s", "version": "2"}, {"": "bare"}},
		Duplicated: []Item{{"id": "4503599627370401"}},
		Extra:      map[string]string{"hint": "mind [redacted] and [redacted]", "limits": `{"a":[1]}`},
	}, detail)
}

func TestTheCauseOfAFailureIsTheCallers(t *testing.T) {
	t.Parallel()
	var got *Detail
	c := newClient(t, answering(http.StatusBadRequest, `{"error":{"missing":[{"username":"x"}]}}`), Config{Cause: func(d *Detail) error {
		got = d
		return context.Canceled // any
	}})
	err := c.DeleteUser(t.Context(), "x", false)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, &Detail{Missing: []Item{{"username": "x"}}}, got)
}
