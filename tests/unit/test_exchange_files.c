/* Annotation files as the world writes them: what each oddity comes to, and what is hostile is refused.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "project_exchange.h"
#include "store_script.h"
#include "support.h"

static oc_context *context;
static char *folder;
static oc_error error;
static char said[1 << 14];
static size_t n_said;

#define SAY(...) (n_said += (size_t)snprintf(said + n_said, sizeof said - n_said, __VA_ARGS__))

static void set_up(void) {
    context = new_threads_context(1, NULL);
    folder = new_folder();
}

static void tear_down(void) {
    end_context(context);
    remove_folder(folder);
}

/* A picture of 4 x 2 pixels, different for each seed. */
static void put_picture(const char *name, unsigned seed) {
    uint8_t bytes[78];
    oc_image image = script_picture(seed, bytes);
    put_file(folder, name, image.data, image.size);
}

static void say_mark(const oc__annotations *set, const oc__mark *mark) {
    const char *tag = mark->tag == OC__NO_TAG ? "-" : set->tags[mark->tag].name;
    const double *b = mark->box;
    if (mark->kind == OC__MARK_TAG) SAY(" %s", tag);
    if (mark->kind == OC__MARK_OTHER) SAY(" (%s)", tag);
    if (mark->kind == OC__MARK_BOX) SAY(" <%s %g %g %g %g%s>", tag, b[0], b[1], b[2], b[3], mark->in_pixels ? "" : " of 1");
    if (mark->extra) SAY(" %s", mark->extra);
}

/* What is read of a source: "path [split] WxH marks; ...| reason xN; ..." or the error's message. */
static const char *read_source(const char *source, const char *format) {
    oc__annotations *set = NULL;
    oc_exchange *report;
    n_said = 0;
    error = (oc_error)OC_ERROR_INIT;
    oc_status status = oc__exchange_create(&report, context, &error);
    ck_assert_int_eq(status, OC_OK);
    status = oc__annotations_load(&set, context, report, in(folder, source), format, NULL, &error);
    if (status) {
        char *at = strstr(error.message, folder);
        SAY("%s: %s", oc_status_name(status), at == error.message ? at + strlen(folder) + 1 : error.message);
    }
    for (size_t i = 0; !status && i < set->n_pictures; i++) {
        const oc__known_picture *picture = &set->pictures[i];
        SAY("%s%s%s", i ? "; " : "", picture->path, picture->file ? "" : " (missing)");
        if (picture->split[0]) SAY(" [%s]", picture->split);
        if (picture->width) SAY(" %ux%u", picture->width, picture->height);
        for (uint32_t k = 0; k < picture->n_pairs; k++)
            SAY(" {%s=%s}", set->pairs[picture->first_pair + k].key, set->pairs[picture->first_pair + k].value);
        if (picture->extra) SAY(" %s", picture->extra);
        for (size_t k = 0; k < picture->n_marks; k++) say_mark(set, &set->marks[picture->first_mark + k]);
    }
    for (size_t i = 0; !status && i < report->n; i++)
        SAY("%s%s x%u", i ? "; " : " | ", report->notes[i].reason, (unsigned)report->notes[i].n);
    oc__annotations_free(set);
    oc__exchange_free(report);
    return said;
}

#define READS(source, format, expected) ck_assert_str_eq(read_source(source, format), expected)

/* The same for one file. */
static const char *read_text(const char *name, const char *text, const char *format) {
    put_text(folder, name, text);
    return read_source(name, format);
}

#define READS_TEXT(name, text, expected) ck_assert_str_eq(read_text(name, text, NULL), expected)

#if OC_WITH_JSON

START_TEST(coco) {
    set_up();
    put_picture("a.bmp", 1);
    put_picture("images/b c.bmp", 2);
    put_picture("sub/d.bmp", 3);
    READS_TEXT(
        "x.json",
        "\xEF\xBB\xBF{\r\n\"info\": {\"year\": 2020},\r\n\"annotations\": [\r\n"
        "{\"id\":1,\"image_id\":7,\"category_id\":3,\"bbox\":[1,0,2.5,1],\"area\":2.5,\"iscrowd\":0,\"segmentation\":[]},\r\n"
        "{\"id\":1,\"image_id\":\"s\",\"category_id\":3,\"bbox\":[-1,-1,3,2],\"segmentation\":[[0,0,2,0,2,1]],\"area\":1},\r\n"
        "{\"id\":2,\"image_id\":7,\"category_id\":3,\"bbox\":[9,0,2,1]},\r\n"
        "{\"id\":3,\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,0,1]},\r\n"
        "{\"id\":4,\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,1]},\r\n"
        "{\"id\":5,\"image_id\":7,\"category_id\":99,\"bbox\":[1,1,1,1]},\r\n"
        "{\"id\":6,\"image_id\":99,\"category_id\":3,\"bbox\":[1,1,1,1]},\r\n"
        "{\"id\":7,\"image_id\":7,\"category_id\":3,\"iscrowd\":1,\"bbox\":[0,0,4,2],\"segmentation\":{\"counts\":[3,5],"
        "\"size\":[2,4]}},\r\n"
        "{\"id\":8,\"image_id\":7,\"category_id\":3,\"keypoints\":[1,1,2]},\r\n"
        "{\"id\":9,\"image_id\":7,\"category_id\":4},{\"id\":10,\"image_id\":7,\"category_id\":4}\r\n"
        "],\"images\":[{\"id\":7,\"file_name\":\"a.bmp\",\"license\":1},"
        "{\"id\":\"s\",\"file_name\":\"b%20c.bmp\",\"width\":4.0,\"height\":2},"
        "{\"id\":8,\"file_name\":\"/home/u/d.bmp\"},{\"id\":9,\"file_name\":\"..\\\\x/sub/"
        "d.bmp\"},{\"id\":7,\"file_name\":\"e.bmp\"},"
        "{\"id\":10,\"file_name\":\"./sub\\\\d.bmp\"},{\"id\":11},{\"id\":12,\"file_name\":\"sub/"
        "d.bmp\"},{\"id\":13,\"file_name\":\"\"}],"
        "\"categories\":[{\"id\":3,\"name\":\"c\\u00e9\",\"supercategory\":\"s\"},{\"id\":3,\"name\":\"again\"},{\"id\":4,"
        "\"name\":\"whole\"},"
        "{\"name\":\"no id\"},{\"id\":5,\"name\":\"bad\\nname\"}]}",
        "a.bmp 4x2 {\"coco\":{\"id\":7,\"license\":1}} <c\xC3\xA9 1 0 2.5 1>"
        " (c\xC3\xA9) {\"coco\":{\"iscrowd\":1,\"bbox\":[0,0,4,2],\"segmentation\":{\"counts\":[3,5],\"size\":[2,4]}}}"
        " (c\xC3\xA9) {\"coco\":{\"keypoints\":[1,1,2]}} whole; "
        "b%20c.bmp 4x2 {\"coco\":{\"id\":\"s\"}} <c\xC3\xA9 0 0 2 1> {\"coco\":{\"segmentation\":[[0,0,2,0,2,1]],\"area\":1}}; "
        "d.bmp (missing) {\"coco\":{\"id\":8}}; sub/d.bmp {\"coco\":{\"id\":10}} | "
        "an earlier category has the same id x1; the category has no id x1; "
        "the tag's name is not UTF-8 of 1 to 256 bytes without control characters, or is an identifier x1; "
        "another picture, of another folder, has the same name x1; an earlier image has the same id x1; the image has no "
        "file_name x1; "
        "an earlier image has the same file_name; they are taken as one x1; the picture has no name x1; "
        "the annotation's bbox is not four numbers x1; the annotation's category_id is no category's x1; "
        "the annotation's image_id is no image's x1; the box stood over the picture's edge and was cut x1; "
        "the box lies outside the picture x1; the box has no area x1");
    /* All boxes within the unit square: fractions. */
    READS_TEXT("x.json",
               "{\"images\":[{\"id\":1,\"file_name\":\"a.bmp\"}],\"categories\":[{\"id\":1,\"name\":\"c\"}],"
               "\"annotations\":[{\"image_id\":1,\"category_id\":1,\"bbox\":[0.5,0,0.5,1]}]}",
               "a.bmp {\"coco\":{\"id\":1}} <c 0.5 0 0.5 1 of 1>");
    tear_down();
}
END_TEST

START_TEST(broken_json) {
    static char deep[3000];
    set_up();
    READS_TEXT("x.json", "", "OC_E_FORMAT: x.json: is no annotation file that is known; name its format if it is one");
    ck_assert_str_eq(read_text("x.json", "", "coco"), "OC_E_CORRUPT: x.json:1: the file is not an object");
    READS_TEXT("x.json", "{\"images\":[\n{\"id\":1,\"file_name\":\"a\"}",
               "OC_E_CORRUPT: x.json:1: an object or array does not end");
    READS_TEXT("x.json", "{\"images\":[1]}", "OC_E_CORRUPT: x.json:1: images 0 is not an object");
    READS_TEXT("x.json", "{\"images\":[],\"images\":[]}", "OC_E_CORRUPT: x.json:1: has 'images' twice");
    READS_TEXT("x.json", "{\"annotations\":[]}", "OC_E_FORMAT: x.json: is no COCO file: it has no 'images'");
    READS_TEXT("x.json", "{\"images\":[]} x", "OC_E_CORRUPT: x.json:1: something follows the end");
    ck_assert_ptr_nonnull(
        strstr(read_text("x.json", "{\"images\":[{\"id\":99999999999999999999999,\"file_name\":\"a.bmp\"}]}", NULL),
               "too big integer"));
    ck_assert_ptr_nonnull(strstr(read_text("x.json", "{\"images\":[{\"id\":1,\"file_name\":\"a.bmp\",\"width\":1e999}]}", NULL),
                                 "real number overflow"));
    ck_assert_ptr_nonnull(
        strstr(read_text("x.json", "{\"images\":[{\"id\":1,\"file_name\":\"\xC3(\"}]}", NULL), "OC_E_CORRUPT"));
    ck_assert_ptr_nonnull(
        strstr(read_text("x.json", "{\"images\":[{\"id\":1,\"file_name\":\"a\\u0000b\"}]}", NULL), "OC_E_CORRUPT"));
    ck_assert_ptr_nonnull(
        strstr(read_text("x.json", "{\"images\":[{\"id\":1,\"id\":2,\"file_name\":\"a\"}]}", NULL), "duplicate"));
    strcpy(deep, "{\"images\":[],\"info\":");
    memset(deep + strlen(deep), '[', 1000);
    READS_TEXT("x.json", deep, "OC_E_LIMIT: x.json:1: is nested deeper than 64");
    READS_TEXT("x.json", "{\"images\":[{\"id\":1,\"file_name\":\"a.bmp\",\"width\":-3,\"height\":1e300}]}",
               "a.bmp (missing) {\"coco\":{\"id\":1}}");
    READS_TEXT("x.json",
               "{\"images\":[{\"id\":1,\"file_name\":\"a.bmp\"}],\"categories\":[{\"id\":1,\"name\":\"c\"}],\"annotations\":"
               "[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,1,3,1e300]}]}",
               "a.bmp (missing) {\"coco\":{\"id\":1}} | the box is in pixels, and the picture's size is neither in the file "
               "nor can the picture be "
               "read x1");
    tear_down();
}
END_TEST

START_TEST(service) {
    set_up();
    put_picture("images/a.bmp", 1);
    READS_TEXT("x.json",
               "{\"files\":[{\"filename\":\"a.bmp\",\"metadata\":{\"k\":\"v\",\"n\":1},\"tags\":["
               "{\"tag\":\"t\",\"left\":0.5,\"top\":0,\"width\":0.5,\"height\":1},{\"tag\":\"u\"},{\"left\":1},"
               "{\"tag\":\"t\",\"left\":0.5},{\"tag\":\"t\",\"left\":\"0\",\"top\":0,\"width\":1,\"height\":1}]},{\"tags\":[]},"
               "{\"filename\":\"b.bmp\"}]}",
               "a.bmp {k=v} <t 0.5 0 0.5 1 of 1> u; b.bmp (missing) | one of the tags has no 'tag' x1; the box is not four "
               "numbers x2; the file has "
               "no 'filename' x1");
    tear_down();
}
END_TEST

START_TEST(createml) {
    set_up();
    put_picture("a.bmp", 1);
    READS_TEXT("x.json",
               "[{\"image\":\"a.bmp\",\"more\":1,\"annotations\":[{\"label\":\"t\",\"confidence\":0.5,\"coordinates\":{\"x\":2,"
               "\"y\":1,\"width\":2,\"height\":2}},"
               "{\"label\":\"u\"},{},{\"label\":\"t\",\"coordinates\":{\"x\":2}},7]},{\"imagefilename\":\"b.bmp\","
               "\"annotation\":\"v\"},"
               "{\"imagefilename\":\"c.bmp\",\"annotation\":[{\"label\":\"t\",\"coordinates\":{\"x\":2,\"y\":1,\"width\":2,"
               "\"height\":2}}]},"
               "{\"image\":\"d.bmp\",\"label\":\"w\"},{\"annotations\":[]}]",
               "a.bmp 4x2 {\"createml\":{\"more\":1}} <t 1 0 2 2> {\"createml\":{\"confidence\":0.5}} u; b.bmp (missing) v; "
               "c.bmp (missing); "
               "d.bmp (missing) w | the annotation has no label x2; the coordinates are not four numbers x1; the picture has "
               "no 'image' x1; "
               "the box is in pixels, and the picture's size is neither in the file nor can the picture be read x1");
    tear_down();
}
END_TEST

START_TEST(labelstudio) {
    set_up();
    put_picture("images/0a-a.bmp", 1);
    put_picture("dir/b c.bmp", 2);
    READS_TEXT(
        "x.json",
        "[{\"id\":5,\"data\":{\"image\":\"/data/upload/1/"
        "0a-a.bmp\"},\"annotations\":[{\"was_cancelled\":true,\"result\":[]},{\"result\":["
        "{\"id\":\"r\",\"type\":\"rectanglelabels\",\"from_name\":\"label\",\"to_name\":\"image\",\"original_width\":40,"
        "\"original_height\":20,"
        "\"image_rotation\":0,\"value\":{\"x\":50,\"y\":0,\"width\":25,\"height\":100,\"rotation\":0,\"rectanglelabels\":["
        "\"t\"]}},"
        "{\"type\":\"rectanglelabels\",\"value\":{\"x\":50,\"y\":0,\"width\":25,\"height\":50,\"rotation\":30,"
        "\"rectanglelabels\":[\"t\"]}},"
        "{\"type\":\"polygonlabels\",\"value\":{\"points\":[[1,2],[3,4],[5,6]],\"polygonlabels\":[\"u\"]}},"
        "{\"type\":\"choices\",\"value\":{\"choices\":[\"x\",\"y\"]}},{\"type\":\"relation\",\"from_id\":\"r\"},"
        "{\"type\":\"rectanglelabels\",\"value\":{\"x\":\"50\",\"rectanglelabels\":[\"t\"]}},"
        "{\"type\":\"rectanglelabels\",\"value\":{\"x\":1,\"y\":1,\"width\":1,\"height\":1}}]},{\"result\":[]}]},"
        "{\"data\":{\"picture\":\"/data/local-files/?d=dir/"
        "b%20c.bmp\",\"text\":\"q\"},\"meta\":{\"k\":\"v\"},\"annotations\":[]},"
        "{\"data\":{\"image\":\"s3://bucket/x/0a-a.bmp?sig=1\"},\"meta\":{\"k\":1},\"predictions\":[{}]},"
        "{\"data\":{\"image\":\"https://h/p/c%2Fd.png#f\"}},{\"data\":{\"text\":\"t\"}},{}]",
        "0a-a.bmp 40x20 {\"labelstudio\":{\"id\":5}} <t 0.5 0 0.25 1 of 1> {\"labelstudio\":{\"id\":\"r\"}} (t) "
        "{\"labelstudio\":{\"type\":"
        "\"rectanglelabels\",\"value\":{\"x\":50,\"y\":0,\"width\":25,\"height\":50,\"rotation\":30,\"rectanglelabels\":[\"t\"]"
        "}}} (u) "
        "{\"labelstudio\":{\"type\":\"polygonlabels\",\"value\":{\"points\":[[1,2],[3,4],[5,6]],\"polygonlabels\":[\"u\"]}}} x "
        "y (-) "
        "{\"labelstudio\":{\"type\":\"relation\",\"from_id\":\"r\"}}; dir/b c.bmp {k=v} "
        "{\"labelstudio\":{\"data\":{\"picture\":"
        "\"/data/local-files/?d=dir/b%20c.bmp\",\"text\":\"q\"}}}; d.png (missing) | the rectangle is not four numbers x1; "
        "the rectangle has no label x1; there is another annotation of the same picture x1; "
        "another picture, of another folder, has the same name x1; the task has no picture x2");
    tear_down();
}
END_TEST

START_TEST(exporters_folders) {
    set_up();
    put_picture("r/train/a.bmp", 1);
    put_picture("r/valid/a.bmp", 2);
    put_text(folder, "r/train/_annotations.coco.json", "{\"images\":[{\"id\":1,\"file_name\":\"a.bmp\"}]}");
    put_text(folder, "r/valid/_annotations.coco.json", "{\"images\":[{\"id\":1,\"file_name\":\"a.bmp\"}]}");
    READS("r", NULL, "train/a.bmp [train] {\"coco\":{\"id\":1}}; valid/a.bmp [valid] {\"coco\":{\"id\":1}}");
    put_text(folder, "two/a.json", "{}");
    put_text(folder, "two/b.json", "{}");
    READS("two", NULL, "OC_E_FORMAT: two: holds 2 files of annotations; name the one that is meant");
    READS("nowhere", NULL, "OC_E_NOT_FOUND: nowhere: cannot open: No such file or directory");
    READS("two/a.json", "tiff",
          "OC_E_ARGUMENT: 'tiff' is no format of annotations; there are: folder, csv, coco, createml, cvat, labelstudio, voc, "
          "yolo, "
          "coco-normalised, customvision");
    tear_down();
}
END_TEST

#endif
#if OC_WITH_XML

START_TEST(voc) {
    set_up();
    put_picture("v/JPEGImages/a.bmp", 1);
    put_picture("v/JPEGImages/b.bmp", 2);
    put_picture("v/JPEGImages/sub/c.bmp", 3);
    put_text(folder, "v/ImageSets/Main/train.txt", "a\r\nb 1\r\nnothing\r\n");
    put_text(folder, "v/ImageSets/Main/val.txt", "a\n");
    put_text(folder, "v/ImageSets/Main/t_train.txt", "sub/c -1\n");
    put_text(folder, "v/Annotations/a.xml",
             "\xEF\xBB\xBF<?xml version=\"1.0\"?>\r\n<!DOCTYPE annotation>\r\n<annotation "
             "verified=\"yes\">\r\n\t<folder>x</folder><filename> a.bmp </filename>"
             "<path>/home/u/a.bmp</path><source><database>Unknown</database></source><segmented>0</segmented>\r\n"
             "<size><width>0</width><height>0</height><depth>3</depth></size>\r\n"
             "<object><name>t &amp; &#x41;</name><pose>Unspecified</pose><truncated>0</truncated><difficult>1</difficult>"
             "<bndbox><xmin>1</xmin><ymin>0.5</ymin><xmax>3</xmax><ymax>2</ymax></bndbox></object>\r\n"
             "<object><name>u</name><polygon><pt x='1'>q</pt></polygon></object>\r\n"
             "<object><name>t</name><bndbox><xmin>1</xmin><ymin>x</ymin><xmax>3</xmax><ymax>2</ymax></bndbox></object>"
             "<object><bndbox/></object></annotation>");
    put_text(folder, "v/Annotations/b.xml",
             "<?xml version='1.0' encoding='ISO-8859-1'?><annotation><object><name>\xE9</name>"
             "<bndbox><xmin>0</xmin><ymin>0</ymin><xmax>1</xmax><ymax>9</ymax></bndbox></object></annotation>");
    put_text(folder, "v/Annotations/sub/c.xml",
             "<annotation><filename>c.bmp</filename><size><width>8</width><height>4</height></size></annotation>");
    put_text(folder, "v/Annotations/bomb.xml",
             "<!DOCTYPE a [<!ENTITY x \"yyyyyyyyyy\"><!ENTITY z "
             "\"&x;&x;&x;&x;&x;&x;&x;&x;\">]><annotation><filename>&z;</filename></annotation>");
    put_text(folder, "v/Annotations/out.xml",
             "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><annotation>&x;</annotation>");
    put_text(folder, "v/Annotations/cut.xml", "<annotation><filename>a.bmp</file");
    put_text(folder, "v/Annotations/other.xml", "<html/>");
    READS("v", NULL,
          "a.bmp [train] 4x2 {\"voc\":\"<source><database>Unknown</database></source>\"} <t & A 1 0.5 2 1.5> "
          "{\"voc\":\"<difficult>1</difficult>\"} "
          "(u) {\"voc\":\"<polygon><pt x=\\\"1\\\">q</pt></polygon>\"}; b.bmp [train] 4x2 <\xC3\xA9 0 0 1 2>; sub/c.bmp 8x4 | "
          "the object's bndbox is not four numbers x1; the object has no name x1; the file cannot be read x4; "
          "the box stood over the picture's edge and was cut x1");
    READS("v/Annotations/bomb.xml", NULL,
          "OC_E_UNSUPPORTED: v/Annotations/bomb.xml: declares entities or the like, which are not read");
    put_picture("flat/x.bmp", 1);
    put_picture("flat/y.bmp", 2);
    put_text(folder, "flat/x.xml", "<annotation><filename>x</filename></annotation>");
    put_text(folder, "flat/y.xml", "<annotation><filename>../../../etc/passwd</filename></annotation>");
    put_text(folder, "flat/z.xml", "<annotation><filename>C:\\pics\\z.jpg</filename></annotation>");
    READS("flat", NULL, "x.bmp; y.bmp; z.jpg (missing)");
    tear_down();
}
END_TEST

START_TEST(cvat) {
    static char deep[4000] = "<annotations><image name=\"a.bmp\">";
    set_up();
    put_picture("sub/a.bmp", 1);
    READS_TEXT(
        "x.xml",
        "<?xml version=\"1.0\" "
        "encoding=\"utf-8\"?><annotations><version>1.1</version><meta><job><labels><label><name>t</name><color>#aabbcc</color>"
        "<type>any</type><attributes><attribute><name>c</name></attribute></attributes></label><label/></labels></job></meta>"
        "<image id=\"0\" name=\"sub/a.bmp\" subset=\"Train\" width=\"4\" height=\"2\" task_id=\"3\">"
        "<box label=\"t\" source=\"manual\" occluded=\"0\" xtl=\"1\" ytl=\"0\" xbr=\"3.50\" ybr=\"2\" z_order=\"0\"></box>"
        "<box label=\"t\" source=\"auto\" occluded=\"1\" xtl=\"1\" ytl=\"0\" xbr=\"3\" ybr=\"2\"><attribute "
        "name=\"c\">\"r\"</attribute></box>"
        "<box label=\"t\" rotation=\"30.5\" xtl=\"1\" ytl=\"0\" xbr=\"3\" ybr=\"2\"/><polygon label=\"p\" "
        "points=\"0,0;1,1;2,0\"/>"
        "<mask label=\"p\" rle=\"3, 4\" left=\"0\" top=\"0\" width=\"2\" height=\"2\"/><tag label=\"w\" "
        "source=\"manual\"/><box label=\"t\" xtl=\"q\"/><points/>"
        "</image><image name=\"b.bmp\" width=\"x\" subset=\"default\"/><image/><track id=\"0\"/></annotations>",
        "sub/a.bmp [Train] 4x2 {\"cvat\":\"<image task_id=\\\"3\\\"/>\"} <t 1 0 2.5 2> <t 1 0 2 2> {\"cvat\":\"<box "
        "source=\\\"auto\\\" "
        "occluded=\\\"1\\\"><attribute name=\\\"c\\\">&quot;r&quot;</attribute></box>\"} (t) {\"cvat\":\"<box "
        "rotation=\\\"30.5\\\" xtl=\\\"1\\\" "
        "ytl=\\\"0\\\" xbr=\\\"3\\\" ybr=\\\"2\\\"/>\"} (p) {\"cvat\":\"<polygon points=\\\"0,0;1,1;2,0\\\"/>\"} (p) "
        "{\"cvat\":\"<mask rle=\\\"3, 4\\\" "
        "left=\\\"0\\\" top=\\\"0\\\" width=\\\"2\\\" height=\\\"2\\\"/>\"} w; b.bmp (missing) | the label has no name x1; "
        "the box is not four numbers x1; the shape has no label x1; the image has no name x1; tracks are of videos x1");
    READS_TEXT("x.xml", "<annotations/>", "OC_E_FORMAT: x.xml: is no CVAT file: nothing is in it");
    READS_TEXT("x.xml", "<annotations><image name='a'></annotations>", "OC_E_CORRUPT: x.xml:1: mismatched tag");
    ck_assert_str_eq(read_text("x.xml", "<html><image/></html>", "cvat"),
                     "OC_E_FORMAT: x.xml: is no CVAT file: its element is 'html'");
    for (int i = 0; i < 100; i++) strcat(deep, "<box>");
    READS_TEXT("x.xml", deep, "OC_E_LIMIT: x.xml:1: is nested deeper than 64");
    READS_TEXT("x.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><annotations/>",
               "OC_E_UNSUPPORTED: x.xml: declares entities or the like, which are not read");
    tear_down();
}
END_TEST

/* One attribute of more bytes than an element may have. */
START_TEST(endless_xml) {
    set_up();
    size_t size = OC__MAX_OBJECT_BYTES + (4u << 20);
    char *text = malloc(size);
    memset(text, 'a', size);
    memcpy(text, "<annotations x=\"", 16);
    put_file(folder, "x.xml", text, size);
    free(text);
    ck_assert_str_eq(read_source("x.xml", "cvat"), "OC_E_LIMIT: x.xml:1: something has more than 16777216 bytes");
    tear_down();
}
END_TEST

#endif

START_TEST(yolo) {
    set_up();
    for (unsigned i = 0; i < 3; i++) {
        static const char *const names[] = {"images/train/a.bmp", "images/val/a.bmp", "images/train/deep/b.bmp"};
        char path[64];
        put_picture(strcat(strcpy(path, "u/"), names[i]), i);
    }
    put_text(folder, "u/data.yaml",
             "# c\r\npath: ../x\r\ntrain: images/train\r\nnames:\r\n  0: cat # not this\r\n  1: 'it''s: \"x\"'\r\n  3: "
             "\"a\\\"b\"\r\nnc: 4\r\n");
    put_text(folder, "u/labels/train/a.txt",
             "\xEF\xBB\xBF"
             "0 0.5 0.5 1 1\r\n\r\n  1\t0.25 0.5 0.5 1 0.9\r\n3 0.1 0.1 0.5 0.1 0.5 0.4\r\n2 0.5 0.5 1 1\r\n9 0.5 0.5 1 1\r\nx "
             "0.5 0.5 1 1\r\n0 0.5 0.5 1\r\n"
             "0 0.5 0.5 1 nan\r\n0 0.5 0.5 0 1\r\n0 1e308 0.5 1e308 1");
    put_text(folder, "u/labels/train/gone.txt", "0 0.5 0.5 1 1\n");
    put_text(folder, "u/train.txt", "images/train/a.bmp\n");
    READS("u", NULL,
          "a.bmp [train] <cat 0 0 1 1 of 1> <it's: \"x\" 0 0 0.5 1 of 1> {\"yolo\":\"+0.9\"} <a\"b 0.1 0.1 0.4 0.3 of 1> "
          "{\"yolo\":\"0.1 0.1 0.5 0.1 0.5 "
          "0.4\"}; deep/b.bmp [train]; images/val/a.bmp [val] | the class has no name x2; the class is no number x1; the box "
          "is not four numbers x1; "
          "the box is not of numbers x1; the labels' picture is not there x1; the box has no area x1; the box lies outside the "
          "picture x1");
    READS("u/data.yaml", NULL, said);
    put_text(folder, "u/data.yaml", "names: [ 'x, y',\n  \"z\", w # c\n ]\nnc: 3\n");
    put_text(folder, "u/labels/train/a.txt", "0 0.5 0.5 1 1\n2 0.5 0.5 1 1\n");
    ck_assert_ptr_nonnull(strstr(read_source("u", NULL), "<x, y 0 0 1 1 of 1> <w"));
    put_text(folder, "u/data.yaml", "kpt_shape: x\nnames: {0: p, 2: q}\n\nkpt_shape: [1, 2]\n");
    put_text(folder, "u/labels/train/a.txt", "2 0.5 0.5 1 1 0.3 0.4\n");
    ck_assert_ptr_nonnull(strstr(read_source("u", NULL), "<q 0 0 1 1 of 1> {\"yolo\":\"+0.3 0.4\"}"));
    put_text(folder, "u/data.yaml", "names: [a, b\n");
    READS("u", NULL, "OC_E_CORRUPT: u: data.yaml: the list of names does not end");
    put_text(folder, "u/data.yaml", "names:\n  x: a\n");
    READS("u", NULL, "OC_E_CORRUPT: u: data.yaml: a name's number is 'x'");
    put_text(folder, "u/data.yaml", "names:\n  999999999: a\n");
    READS("u", NULL, "OC_E_LIMIT: u: class 999999999 is beyond what can be");
    /* Darknet's and labelImg's: beside each other; exporters': images and labels within the split. */
    put_picture("d/obj_train_data/a.bmp", 1);
    put_text(folder, "d/obj_train_data/a.txt", "1 0.5 0.5 1 1\n");
    put_text(folder, "d/obj.names", "one\ntwo words\n\n");
    READS("d", NULL, "obj_train_data/a.bmp <two words 0 0 1 1 of 1>");
    put_picture("f/test/images/a.bmp", 1);
    put_text(folder, "f/test/labels/a.txt", "0 0.5 0.5 1 1\n");
    put_text(folder, "f/classes.txt", "\n");
    READS("f", NULL, "a.bmp [test] <0 0 0 1 1 of 1>");
    tear_down();
}
END_TEST

START_TEST(tables) {
    set_up();
    put_picture("a.bmp", 1);
    READS_TEXT("x.csv",
               "\xEF\xBB\xBFpath,tag,split,left,top,width,height,metadata.k,other\r\na.bmp,\"t, "
               "\"\"q\"\"\",train,0.5,0,0.5,1,v,o\r\na.bmp,u,,,,,,,\r\n"
               "b.bmp,,,,,,,,\r\nb.bmp,,,0,0,1,1,,\r\nb.bmp,t,,0,0,1,,,\r\nb.bmp,t,,0,0,x,1,,\r\n",
               "a.bmp [train] {k=v} <t, \"q\" 0.5 0 0.5 1 of 1> u; b.bmp (missing) | the column's name is not known x1; the "
               "box has no tag x1; "
               "the box is not four numbers x2");
    READS_TEXT("x.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\na.bmp,40,20,t,10,0,30,20\na.bmp,40,20,t,10,0,10,20\n",
               "a.bmp 40x20 <t 10 0 20 20> | the box has no area x1");
    READS_TEXT("x.csv", "tag\nx\n", "OC_E_FORMAT: x.csv:1: has no column 'path'");
    READS_TEXT("x.csv", "path,tag\na.bmp\n", "OC_E_CORRUPT: x.csv:2: has 1 fields, the first line 2");
    tear_down();
}
END_TEST

START_TEST(folders) {
    set_up();
    put_picture("p/train/cat/a.bmp", 1);
    put_picture("p/train/b.bmp", 2);
    put_picture("p/test/x.bmp", 3);
    put_picture("p/dog/c.bmp", 4);
    put_picture("p/dog/deeper/d.bmp", 5);
    put_picture("p/a%2Fb/e.bmp", 6);
    put_text(folder, "p/readme.txt", "x");
    READS("p", NULL,
          "a%2Fb/e.bmp a/b; dog/c.bmp dog; test/x.bmp test; train/b.bmp [train]; train/cat/a.bmp [train] cat | "
          "the file lies deeper than in its tag's folder x1; the file's name is not a picture's x1");
    tear_down();
}
END_TEST

/* Names that lead out of the folder: nothing there is read, and nothing is written there. */
START_TEST(ways_out) {
    static const char *const names[] = {"../out.bmp",
                                        "/tmp/out.bmp",
                                        "a/../../out.bmp",
                                        "..\\out.bmp",
                                        "file:///tmp/out.bmp",
                                        "%2e%2e/out.bmp",
                                        "..%2fout.bmp",
                                        "x/..",
                                        ".."};
    oc__progress progress;
    set_up();
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_exchange *report;
    oc_exchange_options options = OC_EXCHANGE_OPTIONS_INIT;
    put_picture("out.bmp", 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[100];
        snprintf(text, sizeof text, "path,tag\n%s,t\n", names[i]);
        ck_assert_msg(strstr(read_text("in/x.csv", text, NULL), "(missing)") || strstr(said, "has no name"), "%s: %s", names[i],
                      said);
    }
    ck_assert_int_eq(oc__project_create(&project, context, in(folder, "project"), &info, &error), OC_OK);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t bytes[78];
        oc_image image = script_picture(i, bytes);
        oc_labels labels = OC_LABELS_INIT;
        oc_addition addition = OC_ADDITION_INIT;
        static const char *const tags[] = {"../up"};
        labels.tags = tags, labels.n_tags = 1;
        image.name = names[i];
        ck_assert_int_eq(oc__project_add_picture(&addition, project, &image, &labels, &error), OC_OK);
    }
    for (size_t i = 0; oc__exchange_format_at(i); i++) {
        oc__entry *entries;
        size_t n;
        options.to = oc__exchange_format_at(i)->name;
        ck_assert_int_eq(oc__exchange_create(&report, context, &error), OC_OK);
        oc__progress_begin(&progress, NULL, NULL, NULL);
        oc_status status = oc__project_export(report, project, in(folder, "down/below"), &options, &progress, &error);
        ck_assert_msg(status == OC_OK, "%s: %s", options.to, error.message);
        oc__exchange_free(report);
        ck_assert_int_eq(oc__folder_list(&entries, &n, context, in(folder, "down"), &error), OC_OK);
        ck_assert_uint_eq(n, 1); /* "below" */
        oc__entries_free(entries, n, context);
        ck_assert_int_eq(oc__folder_list(&entries, &n, context, folder, &error), OC_OK);
        ck_assert_uint_eq(n, 4); /* "down", "in", "out.bmp", "project" */
        oc__entries_free(entries, n, context);
        char *gone = strdup(in(folder, "down"));
        oc__folder_remove(gone);
        free(gone);
    }
    oc__project_free(project);
    tear_down();
}
END_TEST

int main(void) {
    const unit_test tests[] = {
#if OC_WITH_JSON
        {coco, 0},
        {broken_json, 0},
        {service, 0},
        {createml, 0},
        {labelstudio, 0},
        {exporters_folders, 0},
#endif
#if OC_WITH_XML
        {voc, 0},
        {cvat, 0},
        {endless_xml, 0},
#endif
        {yolo, 0},
        {tables, 0},
        {folders, 0},
        {ways_out, 0},
    };
    script_in_memory();
    return RUN_UNIT_TESTS("annotation files", tests);
}
