package cognite

import (
	"iter"
	"slices"
)

// collection holds values in the order in which they were added. Each has a
// number that never changes, so a cursor stays good while others come and go.
type collection[K comparable, V any] struct {
	last  int64
	order []*row[K, V]
	byKey map[K]*row[K, V]
}

// row is one value of a collection.
type row[K comparable, V any] struct {
	number int64
	key    K
	value  V
}

func newCollection[K comparable, V any]() *collection[K, V] {
	return &collection[K, V]{byKey: map[K]*row[K, V]{}}
}

// put adds a value, or replaces that of the same key in its place.
func (c *collection[K, V]) put(key K, value V) {
	if known, ok := c.byKey[key]; ok {
		known.value = value
		return
	}
	c.last++
	added := &row[K, V]{c.last, key, value}
	c.order = append(c.order, added)
	c.byKey[key] = added
}

// get returns the value of a key and whether there is one.
func (c *collection[K, V]) get(key K) (V, bool) {
	if known, ok := c.byKey[key]; ok {
		return known.value, true
	}
	var none V
	return none, false
}

// remove deletes the value of a key, if there is one.
func (c *collection[K, V]) remove(key K) {
	known, ok := c.byKey[key]
	if !ok {
		return
	}
	at, _ := slices.BinarySearchFunc(c.order, known.number, func(r *row[K, V], number int64) int {
		return int(r.number - number)
	})
	c.order = slices.Delete(c.order, at, at+1)
	delete(c.byKey, key)
}

// all yields the keys and values in order.
func (c *collection[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, r := range c.order {
			if !yield(r.key, r.value) {
				return
			}
		}
	}
}

// keys returns the keys in order.
func (c *collection[K, V]) keys() []K {
	keys := []K{}
	for key := range c.all() {
		keys = append(keys, key)
	}
	return keys
}
