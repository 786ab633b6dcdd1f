# cmake -DOUT=FILE -DFILES="a.js;b.css" -P embed.cmake: writes the files into a C source (files.h).
set(arrays "")
set(entries "")
set(i 0)
foreach(path ${FILES})
  get_filename_component(name ${path} NAME)
  string(REPLACE "dygraph.min.js" "dygraphs.min.js" name ${name})
  if(name MATCHES "\\.js$")
    set(type "text/javascript; charset=utf-8")
  elseif(name MATCHES "\\.css$")
    set(type "text/css; charset=utf-8")
  elseif(name MATCHES "\\.svg$")
    set(type "image/svg+xml")
  elseif(name MATCHES "\\.html$")
    set(type "text/html; charset=utf-8")
  else()
    set(type "application/yaml; charset=utf-8")
  endif()
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char file_${i}[] = {${bytes}};\n")
  string(APPEND entries "\t{\"${name}\", \"${type}\", file_${i}, sizeof file_${i}},\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "#include \"consumers/console/files.h\"\n#include <string.h>\n\n${arrays}
static const struct file files[] = {\n${entries}};

const struct file *files_find(const char *name)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (!strcmp(files[i].name, name))
			return &files[i];
	return NULL;
}
")
