package prog

import "fmt"

// SectorSize is the unit of direct IO in bytes.
const SectorSize = 512

// unit is what the operation's places are multiples of, in bytes.
func (o *Op) unit() int64 {
	switch {
	case o.Kind.Sectors():
		return SectorSize
	case o.Kind == Reflink:
		return PageSize
	}
	return 8
}

// unitNames say what unit means.
var unitNames = map[int64]string{SectorSize: "sectors of 512 bytes", PageSize: "whole pages", 8: "cells of 8 bytes"}

// wrong says what is wrong with the numbers of an operation, or "".
func (o *Op) wrong() string {
	unit := o.unit()
	for _, n := range []int64{o.Off, o.Len, o.Buf.Off} {
		if n%unit != 0 {
			return fmt.Sprintf("%s goes by %s: %d does not", o.Kind, unitNames[unit], n)
		}
	}
	return ""
}
