package usermgmt
type AIStoreOption interface{ a() }
func AIStore(address string, opts ...AIStoreOption) Backend { return nil }
