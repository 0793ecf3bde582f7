package aistore

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
)

// shuffledKeys returns the keys of m in an order that changes from call to
// call, and is the same for the same seed.
func shuffledKeys[V any](random *rand.Rand, m map[string]V) []string {
	keys := slices.Sorted(maps.Keys(m))
	random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

// shuffledObject returns m as a JSON object whose members are in such an order.
func shuffledObject[V any](random *rand.Rand, m map[string]V) (json.RawMessage, error) {
	var object bytes.Buffer
	for i, key := range shuffledKeys(random, m) {
		if i > 0 {
			object.WriteByte(',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m[key])
		if err != nil {
			return nil, err
		}
		object.Write(name)
		object.WriteByte(':')
		object.Write(value)
	}
	return slices.Concat([]byte{'{'}, object.Bytes(), []byte{'}'}), nil
}
