# cmake -DFILES=a.avsc;b.avsc -DOUTPUT=schemas.c -P embed.cmake
# Writes the files as byte arrays with a NUL at the end (schemas/schemas.h): needs CMake alone.
set(arrays "")
set(rows "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const char ${name}[] = {\n${bytes}0};\n\n")
  string(APPEND rows "\t{\"${name}\", ${name}},\n")
endforeach()
file(WRITE ${OUTPUT}
  "#include \"schemas/schemas.h\"\n\n${arrays}const struct schema_text schema_texts[] = {\n${rows}\t{0, 0},\n};\n")
