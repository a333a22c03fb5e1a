// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"math/bits"

	"github.com/pion/webrtc/v4"
)

// codec is one of the two codecs that every telephone supports. livekit-sip also supports G.722.
type codec struct {
	name        string
	mime        string
	payloadType uint8
	encode      func(int16) byte
	silence     byte
}

var codecs = map[string]codec{
	"PCMU": {name: "PCMU", mime: webrtc.MimeTypePCMU, encode: mulaw, silence: 0xff},
	"PCMA": {name: "PCMA", mime: webrtc.MimeTypePCMA, encode: alaw, silence: 0xd5},
}

// mulaw and alaw encode a sample by the two laws of ITU-T G.711.
func mulaw(sample int16) byte {
	const bias, most = 132, 32635
	magnitude, sign := int(sample), byte(0)
	if magnitude < 0 {
		magnitude, sign = -magnitude, 0x80
	}
	magnitude = min(magnitude, most) + bias
	exponent := bits.Len(uint(magnitude)) - 8
	mantissa := magnitude >> (exponent + 3) & 0x0f
	return ^(sign | byte(exponent<<4|mantissa))
}

func alaw(sample int16) byte {
	magnitude, mask := int(sample)>>3, byte(0xd5)
	if magnitude < 0 {
		magnitude, mask = -magnitude-1, 0x55
	}
	exponent := max(bits.Len(uint(magnitude))-5, 0)
	mantissa := magnitude >> max(exponent, 1) & 0x0f
	return byte(exponent<<4|mantissa) ^ mask
}
