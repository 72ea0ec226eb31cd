//go:build !linux

package disk

// Durable is for Linux only.
func (f *File) Durable() (Disk, error) {
	return nil, &UnsupportedError{Feature: "O_DSYNC", Why: "it is written for Linux only"}
}
