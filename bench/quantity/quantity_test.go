package quantity

import (
	"fmt"
	"testing"
)

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{SI(0), "0"}, {SI(7), "7.00"}, {SI(999.4), "999"}, {SI(999.6), "1.00k"}, {SI(12345), "12.3k"}, {SI(44000), "44.0k"}, {SI(43999), "44.0k"}, {SI(1.5e6), "1.50M"},
		{ExactSI(1e9), "1G"}, {ExactSI(12.5), "12.5"}, {ExactSI(999.6), "1k"}, {ExactSI(44000), "44k"}, {ExactSI(1e-7), "0.0000001"},
		{Duration(950), "950 ns"}, {Duration(1234), "1.23 µs"}, {Duration(999.6e3), "1.00 ms"}, {Duration(2.5e9), "2.50 s"},
		{ExactDuration(2e9), "2 s"}, {ExactDuration(0), "0"}, {Duration(0), "0 ns"}, {ExactDuration(1e6), "1 ms"}, {ExactDuration(5), "5 ns"}, {ExactDuration(999.9e3), "1 ms"},
		{Scientific(0.4), "0.4"}, {Scientific(0.0123), "0.012"}, {Scientific(0.00042), "4.2e-4"}, {Scientific(3e-12), "3.0e-12"}, {Scientific(0), "0"},
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(-1234567), "-1,234,567"}, {Count(-100), "-100"},
		{Short(999), "999"}, {Short(6000), "6.00k"},
		{Bytes(4096), "4 KiB"}, {Bytes(1 << 20), "1 MiB"}, {Bytes(4100), "4100 B"}, {Bytes(0), "0 B"}, {Bytes(1536), "1536 B"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func ExampleSI() {
	fmt.Println(SI(44000), "operations per second were measured, below a limit of", ExactSI(50000))
	// Output: 44.0k operations per second were measured, below a limit of 50k
}
