package receivers

import (
	"image"
	"image/color"
	"unicode/utf8"
)

const (
	glyphWidth, glyphHeight = 5, 7
	// fontScale is how many pixels a dot of a glyph has each way.
	fontScale = 3
)

// glyphs are the characters of figures and times, seven rows of five dots, the leftmost in the highest bit.
var glyphs = map[rune][glyphHeight]byte{
	'0': {14, 17, 19, 21, 25, 17, 14},
	'1': {4, 12, 4, 4, 4, 4, 14},
	'2': {14, 17, 1, 2, 4, 8, 31},
	'3': {31, 2, 4, 2, 1, 17, 14},
	'4': {2, 6, 10, 18, 31, 2, 2},
	'5': {31, 16, 30, 1, 1, 17, 14},
	'6': {6, 8, 16, 30, 17, 17, 14},
	'7': {31, 1, 2, 4, 8, 8, 8},
	'8': {14, 17, 17, 14, 17, 17, 14},
	'9': {14, 17, 17, 15, 1, 2, 12},
	':': {0, 4, 4, 0, 4, 4, 0},
	'.': {0, 0, 0, 0, 0, 12, 12},
	'-': {0, 0, 0, 31, 0, 0, 0},
	'%': {24, 25, 2, 4, 8, 19, 3},
	'k': {16, 16, 18, 20, 24, 20, 18},
	'M': {17, 27, 21, 21, 17, 17, 17},
}

// textWidth is the width of text in pixels.
func textWidth(text string) int {
	return utf8.RuneCountInString(text) * (glyphWidth + 1) * fontScale
}

// write draws text with its upper left corner at x, y. Characters without a glyph are left blank.
func write(img *image.RGBA, x, y int, text string, c color.RGBA) {
	for _, r := range text {
		for row, bits := range glyphs[r] {
			for column := range glyphWidth {
				if bits>>(glyphWidth-1-column)&1 == 1 {
					left, top := x+column*fontScale, y+row*fontScale
					fill(img, image.Rect(left, top, left+fontScale, top+fontScale), c)
				}
			}
		}
		x += (glyphWidth + 1) * fontScale
	}
}
