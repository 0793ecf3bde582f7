package aistore_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

// TestStorm uses everything at once, for the race detector to watch, and
// checks that the end state is the sum of what the workers did.
func TestStorm(t *testing.T) {
	t.Parallel()
	const workers, rounds = 6, 10
	s := seeded(t, aistore.Options{})
	token := s.admin(t)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			do := func(method, target, body string) {
				got, err := s.try(method, target, token, body)
				if err != nil {
					t.Error(err)
					return
				}
				assert.Equal(t, http.StatusOK, got.status, "%s %s: %s", method, target, got.body)
			}
			for i := range rounds {
				id := fmt.Sprintf("w%d-%d", w, i)
				do("POST", "/v1/users", `{"id":"`+id+`","pass":"x","roles":[{"name":"readers"}]}`)
				do("POST", "/v1/users/"+id, `{"password":"x"}`)
				do("PUT", "/v1/roles/readers", `{"clusters":[{"id":"`+id+`","perm":"1"}]}`)
				do("POST", "/v1/clusters", `{"id":"`+id+`"}`)
				do("GET", "/v1/users", "")
				do("GET", "/v1/roles/readers", "")
				do("GET", "/v1/clusters/"+id, "")
				do("DELETE", "/v1/clusters/"+id, "")
				if i%2 == 0 {
					do("DELETE", "/v1/users/"+id, "")
				}
				s.UserRoles(id)
				s.RevokedTokens()
				s.Advance(1)
			}
		})
	}
	group.Wait()
	assert.Len(t, s.UserIDs(), 2+workers*rounds/2)
	role, _ := s.Role("readers")
	assert.Len(t, role.Clusters, 1+workers*rounds)
	for i := 1; i < rounds; i += 2 {
		assert.Equal(t, []string{"readers"}, rolesOf(t, s, fmt.Sprintf("w0-%d", i)))
	}
}
