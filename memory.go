package usermgmt

type MemoryOption interface{ m() }

func Memory(opts ...MemoryOption) Backend { return nil }
func MemoryFile(path string) MemoryOption { return nil }
