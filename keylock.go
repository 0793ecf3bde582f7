package usermgmt

import (
	"context"
	"sync"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// keyLocks holds one lock for each name in use. Backends whose servers can
// only replace a list read it, change it and write it back; two goroutines
// that do so for one user at once would lose one of the changes.
type keyLocks struct {
	mu    sync.Mutex
	locks map[string]*keyLock
}

type keyLock struct {
	held  chan struct{} // holds one element while locked
	users int           // that hold or wait for the lock
}

// lock takes the lock of key and returns the function that releases it. It
// fails when ctx ends first.
func (k *keyLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*keyLock{}
	}
	l := k.locks[key]
	if l == nil {
		l = &keyLock{held: make(chan struct{}, 1)}
		k.locks[key] = l
	}
	l.users++
	k.mu.Unlock()

	select {
	case l.held <- struct{}{}:
		return func() {
			<-l.held
			k.leave(key, l)
		}, nil
	case <-ctx.Done():
		k.leave(key, l)
		return nil, fault.Ended(ctx, ctx.Err())
	}
}

func (k *keyLocks) leave(key string, l *keyLock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(k.locks, key)
	}
}
