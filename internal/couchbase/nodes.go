package couchbase

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	// firstAside is how long a node that failed is set aside; it doubles with
	// each failure in a row.
	firstAside = 10 * time.Second
	// longestAside bounds that.
	longestAside = time.Minute
	// mapLife is how long the list of nodes is taken to be true.
	mapLife = 5 * time.Minute
	// discoveryTimeout bounds the request for the list.
	discoveryTimeout = 10 * time.Second
)

// nodes routes requests to one node for as long as it answers, because the
// others show a change only later. It remembers which nodes failed.
type nodes struct {
	scheme     scheme
	network    string
	allowPlain bool
	resolve    func(ctx context.Context) ([]host, error) // nil once done
	resolving  chan struct{}                             // holds an element while names are resolved
	lookedUp   time.Time                                 // when resolve failed last
	discover   func(ctx context.Context, origin *url.URL) (serviceMap, error)
	now        func() time.Time

	work sync.WaitGroup // discoveries under way

	mu       sync.Mutex
	cancel   context.CancelFunc // ends the discovery under way
	closed   bool
	seeds    []*url.URL
	known    []*node // in the order in which they are tried
	current  *node
	rev      revision
	asked    time.Time // when the list was last asked for
	asking   bool
	suspects bool // a node failed since
}

// node is one node, known by its base URL.
type node struct {
	base     *url.URL
	failures int       // in a row
	late     bool      // the last call ended with a deadline, and without an answer
	aside    time.Time // until when it is tried last
}

func newNodes(a address, resolver Resolver, allowPlain bool) (*nodes, error) {
	n := &nodes{scheme: a.scheme, network: a.network, allowPlain: allowPlain, resolving: make(chan struct{}, 1), now: time.Now}
	if err := n.seed(a.hosts); err != nil {
		return nil, err
	}
	if a.srv {
		n.resolve = func(ctx context.Context) ([]host, error) { return lookUp(ctx, resolver, a.scheme, a.hosts[0].name) }
	}
	return n, nil
}

// lookUp returns the hosts of the SRV record of a name, none if there is no such
// record: then the name is a host. An error leaves open which it is.
func lookUp(ctx context.Context, resolver Resolver, s scheme, name string) ([]host, error) {
	service := "couchbase"
	if s.tls {
		service = "couchbases"
	}
	_, records, err := resolver.LookupSRV(ctx, service, "tcp", name)
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && unknown.IsNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	hosts := make([]host, 0, len(records))
	for _, record := range records {
		hosts = append(hosts, host{name: strings.TrimSuffix(record.Target, "."), port: s.mgmt}) // its port is the data service's
	}
	return hosts, nil
}

// seed makes hosts the nodes to begin with.
func (n *nodes) seed(hosts []host) error {
	var seeds []*url.URL
	for _, h := range hosts {
		base, err := transport.CheckBase(n.scheme.url(h), n.allowPlain)
		if err != nil {
			return err
		}
		seeds = append(seeds, base)
	}
	n.seeds, n.known, n.current = seeds, nil, nil
	for _, base := range seeds {
		n.known = append(n.known, &node{base: base})
	}
	return nil
}

// Route implements [transport.Router].
func (n *nodes) Route(ctx context.Context) (*url.URL, error) {
	if err := n.resolved(ctx); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.current = n.best()
	return n.current.base, nil
}

// resolved makes sure that the seeds are known. Calls wait for the one that
// resolves them. While the resolver fails, the name stands for a host.
func (n *nodes) resolved(ctx context.Context) error {
	select {
	case n.resolving <- struct{}{}:
		defer func() { <-n.resolving }()
	case <-ctx.Done():
		return fault.Ended(ctx, ctx.Err())
	}
	if n.resolve == nil || !n.lookedUp.IsZero() && !n.mayLookUpAgain() {
		return nil
	}
	hosts, err := n.resolve(ctx)
	if ctx.Err() != nil {
		return fault.Ended(ctx, ctx.Err())
	}
	if err != nil {
		n.lookedUp = n.now()
		return nil
	}
	n.resolve = nil
	if len(hosts) == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seed(hosts)
}

// mayLookUpAgain reports whether the record of the name should be looked up once
// more: the name is no host that answers, and the last time is a while ago.
func (n *nodes) mayLookUpAgain() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.known[0].failures > 0 && n.now().Sub(n.lookedUp) >= firstAside
}

// best returns the current node, or if it is set aside the first that is not,
// or else the one whose time is up first.
func (n *nodes) best() *node {
	now := n.now()
	if n.current != nil && !now.Before(n.current.aside) {
		return n.current
	}
	least := n.known[0]
	for _, candidate := range n.known {
		if !now.Before(candidate.aside) {
			return candidate
		}
		if candidate.aside.Before(least.aside) {
			least = candidate
		}
	}
	return least
}

// Done implements [transport.Router].
func (n *nodes) Done(base *url.URL, failure *fault.Error) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.find(base)
	if at == nil {
		return false
	}
	switch {
	case isDown(failure):
	case isLate(failure):
		if !at.late { // one deadline may have been too short
			at.late = true
			return false
		}
	case failure != nil && failure.Kind == fault.Canceled:
		return false
	default:
		at.failures, at.late, at.aside = 0, false, time.Time{}
		n.refresh(base)
		return false
	}
	at.aside = n.now().Add(min(firstAside<<min(at.failures, 8), longestAside))
	at.failures++
	n.suspects = true
	next := n.best()
	return next != at && !n.now().Before(next.aside)
}

// isDown reports whether a failure is a node's, which another may not have.
func isDown(f *fault.Error) bool {
	if f == nil || f.Kind != fault.Unavailable {
		return false
	}
	return f.Status == 0 || f.Status == http.StatusBadGateway || f.Status == http.StatusServiceUnavailable || f.Status == http.StatusGatewayTimeout
}

// isLate reports whether a failure is that the caller's deadline has passed.
func isLate(f *fault.Error) bool {
	return f != nil && f.Kind == fault.Canceled && errors.Is(f.Err, context.DeadlineExceeded)
}

func (n *nodes) find(base *url.URL) *node {
	for _, candidate := range n.known {
		if candidate.base == base || *candidate.base == *base {
			return candidate
		}
	}
	return nil
}

// bases returns the addresses of all nodes.
func (n *nodes) bases() []*url.URL {
	n.mu.Lock()
	defer n.mu.Unlock()
	var bases []*url.URL
	for _, node := range n.known {
		bases = append(bases, node.base)
	}
	return bases
}

// refresh asks the node that just answered for the list of nodes, in the
// background, if the present one may not be true; n.mu is held.
func (n *nodes) refresh(from *url.URL) {
	fresh := !n.asked.IsZero() && n.now().Sub(n.asked) < mapLife && !n.suspects
	if n.discover == nil || n.asking || n.closed || fresh {
		return
	}
	n.asking, n.suspects, n.asked = true, false, n.now()
	ctx, cancel := context.WithTimeout(context.Background(), discoveryTimeout)
	n.cancel = cancel
	n.work.Go(func() {
		defer cancel()
		n.update(ctx, from)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.asking = false
	})
}

// update asks a node for the list of nodes. That it fails is no reason for
// anything else to fail: what is known stays.
func (n *nodes) update(ctx context.Context, from *url.URL) {
	services, err := n.discover(ctx, from)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		n.adopt(services, from)
	}
}

// adopt takes over a list of nodes that is not older than the present one;
// n.mu is held. Seeds stay as the last resort, because nodes may tell
// addresses that cannot be reached from here.
func (n *nodes) adopt(services serviceMap, from *url.URL) {
	if services.revision().before(n.rev) {
		return
	}
	var known []*node
	add := func(base *url.URL) {
		for _, have := range known {
			if *have.base == *base {
				return
			}
		}
		if have := n.find(base); have != nil {
			known = append(known, have)
			return
		}
		known = append(known, &node{base: base})
	}
	for h, this := range services.hosts(n.scheme, n.network, from) {
		if this {
			add(from) // by whatever name it was reached
		} else if base, err := transport.CheckBase(n.scheme.url(h), n.allowPlain); err == nil {
			add(base)
		}
	}
	for _, seed := range n.seeds {
		add(seed)
	}
	n.known, n.rev = known, services.revision()
	if n.current != nil && n.find(n.current.base) == nil {
		n.current = nil // it has left the cluster
	}
}

// close ends a discovery under way and waits for it.
func (n *nodes) close() {
	n.mu.Lock()
	n.closed = true
	if n.cancel != nil {
		n.cancel()
	}
	n.mu.Unlock()
	n.work.Wait()
}
