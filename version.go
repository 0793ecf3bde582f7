package usermgmt

// Version is the version of this package, as it names itself to servers.
const Version = "0.1.0"
