package plan

// DecodeWithin is Decode with another limit on the file's size.
var DecodeWithin = decode
