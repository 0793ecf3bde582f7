package usermgmt

// Result is what came of one item of a bulk call. The items of such a call
// succeed and fail alone, and nothing is rolled back. See also [BulkResult].
//
// An item without Err was carried out. One whose Err is [Error.Ambiguous] may
// have been: read the state before you repeat it. Any other Err means that it
// was not carried out; [ErrCanceled] that it was not even begun.
type Result[T any] struct {
	// Value is what a call about that item alone would have returned.
	Value T
	// Err is why the item failed, an [*Error] about that item; nil if it did
	// not.
	Err error
}
