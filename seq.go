package usermgmt

import "iter"

// Seq returns items as the result of a list method, for mocks.
func Seq[T any](items ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// SeqError returns the result of a list method that fails with err at once.
func SeqError[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, err)
	}
}

// Collect reads seq to its end and returns all items, nil if there are none.
// If seq fails it returns no items, so that a list cut short is never taken
// for the whole.
func Collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var items []T
	for item, err := range seq {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
